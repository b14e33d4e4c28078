import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{a,b}from"./chunk-XPN3LKKK.js";import"./chunk-7KTHUZIT.js";import"./chunk-CRR3TTFO.js";import"./chunk-V36FFIT4.js";import"./chunk-T3X34QRB.js";import"./chunk-SDVICFDL.js";export{b as describeBytes,a as renderText};
