import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{a as e}from"./chunk-SDVICFDL.js";var n=["low","medium","high","critical"];function o(r,a){return n.indexOf(r)>=n.indexOf(a)}e(o,"atLeast");export{n as a,o as b};
