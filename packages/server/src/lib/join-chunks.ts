/**
 * Puts chunks together that nobody else holds, and gives their memory back at once: it lies outside V8's heap, where
 * a few calls of 100 KB are enough to bring on a collection of the whole heap. What still held a chunk would find it
 * empty.
 */
export function joinChunks(chunks: readonly Buffer[]): Buffer {
  if (chunks.length === 1) return chunks[0]!
  const whole = Buffer.concat(chunks)
  for (const { buffer } of chunks) {
    // Several chunks may be parts of one buffer, and small ones may lie in Node's pool, which is everyone's.
    if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0)
  }
  return whole
}
