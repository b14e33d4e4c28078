import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{a as t,b as d,c as m}from"./chunk-LCLJ4SDH.js";import{b as l,c as r,h as s,k as a}from"./chunk-2SOGLAAR.js";import{b as n}from"./chunk-RXSJJXNC.js";import{a as i}from"./chunk-2IWH7BPO.js";import"./chunk-SDVICFDL.js";var h=`
Examples:
  keyguard policy lab-volumes                        read and write all of it
  keyguard policy lab-volumes --read-only --prefix data/
  keyguard policy lab-volumes --write-only --source-ip 203.0.113.0/24
  keyguard policy lab-volumes --kms-key arn:aws:kms:us-east-1:111122223333:key/…

The policy is printed and nothing is sent: it is what rotate and create give to a user.`,k={define(p,c,u){p.argument("<bucket>","the bucket's name").option("--read-only","list and get").option("--read-write","list, get, put and delete (the default)").option("--write-only","put, and nothing else").option("--prefix <prefix>","only below this folder, which ends with /; may be repeated",t).option("--kms-key <arn>","the key that encrypts the bucket; may be repeated",t).option("--source-ip <range>","only from these addresses; may be repeated",t).option("--owner-acl","allow writes with x-amz-acl: bucket-owner-full-control, as CloudVolume sends them").option("--region <region>","the bucket's region, for KMS and for the partition","us-east-1").addHelpText("after",h).action((y,e)=>{let o=s({bucket:y,can:d(e)??l["read-write"],...m(e),region:e.region,partition:n(e.region).name,ownerAcl:e.ownerAcl===!0});if(a(o)>r)throw new i("usage",`the policy has ${a(o)} characters; a user's may have ${r}`,{hint:"name fewer prefixes, or folders above them"});c.stdout.write(`${JSON.stringify(o,null,2)}
`),u(0)})}};export{k as command};
