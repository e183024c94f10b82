// Data as Python objects, straight from what the library lends: quicker than writing JSON and reading it again.
#define Py_LIMITED_API 0x030A0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <string.h>

#include "shim.h"

// Keys come back message after message: their objects, with the hash that dicts ask for, are kept.
#define KEYS 256u
#define LONGEST_KEY 48u
// Entries of a container looked at in one call.
#define CHUNK 8u

static PyObject *keys[KEYS];

static PyObject *text_of(plsm_bytes_t text) {
    return PyUnicode_DecodeUTF8((const char *)text.data, (Py_ssize_t)text.len, NULL);
}

// A new reference. Callers hold the GIL.
static PyObject *key_of(plsm_bytes_t key) {
    if (key.len > LONGEST_KEY) return text_of(key);
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < key.len; i++) hash = (hash ^ key.data[i]) * 16777619u;
    PyObject **place = &keys[(hash ^ hash >> 16) % KEYS];
    if (*place != NULL) {
        Py_ssize_t len = 0;
        const char *kept = PyUnicode_AsUTF8AndSize(*place, &len);
        if (kept == NULL) PyErr_Clear();
        else if ((size_t)len == key.len && memcmp(kept, key.data, key.len) == 0) return Py_NewRef(*place);
    }
    PyObject *made = text_of(key);
    if (made == NULL) return NULL;
    Py_XDECREF(*place);
    *place = Py_NewRef(made);
    return made;
}

static PyObject *value_of(const plsm_value_t *value);

static PyObject *container_of(const plsm_value_t *value, int is_object) {
    PyObject *made = is_object ? PyDict_New() : PyList_New(0);
    if (made == NULL) return NULL;
    plsm_bytes_t names[CHUNK];
    plsm_value_t entries[CHUNK];
    for (size_t skip = 0, count = CHUNK; count == CHUNK; skip += count) {
        if (plsm_value_entries(value, skip, is_object ? names : NULL, entries, CHUNK, &count, NULL) != 0) goto failed;
        for (size_t i = 0; i < count; i++) {
            PyObject *entry = value_of(&entries[i]);
            if (entry == NULL) goto failed;
            int wrong = -1;
            if (is_object) {
                PyObject *name = key_of(names[i]);
                if (name != NULL) wrong = PyDict_SetItem(made, name, entry);
                Py_XDECREF(name);
            } else {
                wrong = PyList_Append(made, entry);
            }
            Py_DECREF(entry);
            if (wrong != 0) goto failed;
        }
    }
    return made;
failed:
    Py_DECREF(made);
    return NULL;
}

// A new reference; NULL for what only the JSON text tells (damage, raw bytes), with or without an exception.
static PyObject *value_of(const plsm_value_t *value) {
    int64_t integer;
    double number;
    uint32_t truth;
    plsm_bytes_t text;
    switch (value->type) {
    case PLSM_TYPE_NULL:
        return Py_NewRef(Py_None);
    case PLSM_TYPE_BOOL:
        return plsm_value_bool(value, &truth, NULL) == 0 ? PyBool_FromLong((long)truth) : NULL;
    case PLSM_TYPE_I64:
        return plsm_value_i64(value, &integer, NULL) == 0 ? PyLong_FromLongLong(integer) : NULL;
    case PLSM_TYPE_F64:
        return plsm_value_f64(value, &number, NULL) == 0 ? PyFloat_FromDouble(number) : NULL;
    case PLSM_TYPE_STRING:
        return plsm_value_string(value, &text, NULL) == 0 ? text_of(text) : NULL;
    case PLSM_TYPE_OBJECT:
    case PLSM_TYPE_ARRAY:
        return container_of(value, value->type == PLSM_TYPE_OBJECT);
    default:
        return NULL;
    }
}

void shim_values(const shim_batch_t *batch, uintptr_t list) {
    PyGILState_STATE state = PyGILState_Ensure();
    const plsm_view_t *views = batch->views + batch->first - batch->count;
    for (size_t i = 0; i < batch->count; i++) {
        plsm_value_t root;
        PyObject *value = plsm_view_root(&views[i], &root, NULL) == 1 ? value_of(&root) : NULL;
        PyErr_Clear();
        if (value == NULL) value = Py_NewRef(Py_Ellipsis);
        int wrong = PyList_Append((PyObject *)list, value);
        Py_DECREF(value);
        if (wrong != 0) break;
    }
    PyErr_Clear();
    PyGILState_Release(state);
}
