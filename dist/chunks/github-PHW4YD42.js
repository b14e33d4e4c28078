import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{a,b,c,d,e}from"./chunk-VP5TLB4R.js";import"./chunk-CRR3TTFO.js";import"./chunk-V36FFIT4.js";import"./chunk-T3X34QRB.js";import"./chunk-SDVICFDL.js";export{d as annotation,a as escapeCommandData,b as escapeCommandProperty,c as escapeLogLine,e as renderGithub};
