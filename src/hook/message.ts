/**
 * What a commit message file holds of the message. `git commit --verbose` appends the whole diff below a scissors line,
 * removed keys included, and drops it afterwards. Only git's own two lines count, so that nothing can hide behind a
 * line of a message that looks like scissors.
 */
export function cutMessage(file: Buffer): Buffer {
  const scissors = /^(\S{1,8}) -{24} >8 -{24}\n\1 /m.exec(file.toString("latin1"));
  return scissors ? file.subarray(0, scissors.index) : file;
}
