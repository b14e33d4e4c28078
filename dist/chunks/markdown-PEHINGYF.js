import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{a,b,c,d}from"./chunk-QFHCL3UX.js";import"./chunk-CRR3TTFO.js";import"./chunk-V36FFIT4.js";import"./chunk-T3X34QRB.js";import"./chunk-SDVICFDL.js";export{a as markdownCode,b as markdownText,c as renderMarkdown,d as renderMarkdownWithin};
