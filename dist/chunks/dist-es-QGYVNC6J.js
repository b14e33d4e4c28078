import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{a as b,b as c,c as d}from"./chunk-MEVU7YS3.js";import"./chunk-T3RP3T2O.js";import{z as a}from"./chunk-62JGD5E6.js";import"./chunk-VKL5GRUK.js";import"./chunk-SDVICFDL.js";export{b as DEFAULT_REQUEST_TIMEOUT,d as NodeHttp2Handler,c as NodeHttpHandler,a as streamCollector};
