import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{a}from"./chunk-YKN7RJFC.js";import"./chunk-SDVICFDL.js";export default a();
