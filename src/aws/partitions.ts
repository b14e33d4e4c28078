/** AWS is three separate worlds: a key of one is unknown to the others. */
export interface Partition {
  /** As ARNs name it. */
  readonly name: "aws" | "aws-us-gov" | "aws-cn";
  readonly about: string;
  /** Where it is asked who a key belongs to, and where its IAM is signed for. */
  readonly region: string;
}

/** In the order in which they are asked: the likeliest first. */
export const partitions: readonly [Partition, Partition, Partition] = [
  { name: "aws", about: "commercial", region: "us-east-1" },
  { name: "aws-us-gov", about: "GovCloud", region: "us-gov-west-1" },
  { name: "aws-cn", about: "China", region: "cn-north-1" },
];

/** The partition of an ARN or of a region; commercial where neither says otherwise. */
export function partitionOf(arnOrRegion: string): Partition {
  const name = /^arn:([a-z-]+):/.exec(arnOrRegion)?.[1];
  if (name !== undefined) return partitions.find((partition) => partition.name === name) ?? partitions[0];
  if (arnOrRegion.startsWith("us-gov-")) return partitions[1];
  return arnOrRegion.startsWith("cn-") ? partitions[2] : partitions[0];
}
