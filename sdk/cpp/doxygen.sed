# plasmite.h is plain C with // comments, as its generator writes them: what Doxygen needs to read it.
1i/// @file
s,^( *)//([^/!]|$),\1///\2,
# One comment stands above each of these groups of macros.
s,^#define PLSM_VERSION_,/// A part of the version of this header.\n&,
s,^#define PLSM_[A-Z0-9_]+_INIT,/// Initialises the struct of that name: struct_size; every other field is 0.\n&,
