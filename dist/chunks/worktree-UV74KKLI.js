import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{a}from"./chunk-EO3Z3DXY.js";import"./chunk-7MF4S57O.js";import"./chunk-IXAEGURN.js";import"./chunk-XK4YCGF6.js";import"./chunk-BWJRFI5K.js";import"./chunk-2IWH7BPO.js";import"./chunk-SDVICFDL.js";export{a as readWorktree};
