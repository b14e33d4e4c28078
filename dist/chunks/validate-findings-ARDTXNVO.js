import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{b as a}from"./chunk-6XCLBVNE.js";import"./chunk-F4NOQDIR.js";import"./chunk-YSJOWIBT.js";import"./chunk-RXSJJXNC.js";import"./chunk-T4A74NR5.js";import"./chunk-2IWH7BPO.js";import"./chunk-SDVICFDL.js";export{a as validateFindings};
