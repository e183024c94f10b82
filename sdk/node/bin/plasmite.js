#!/usr/bin/env node
"use strict";

require("../lib/program.js").runProgram("plasmite");
