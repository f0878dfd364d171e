/**
 * Puts chunks together that nobody else holds, and gives their memory back at once: it lies outside V8's heap, where
 * a few calls of 100 KB are enough to bring on a collection of the whole heap. What still held a chunk would find it
 * empty.
 */
export function joinChunks(chunks: readonly Buffer[]): Buffer {
  if (chunks.length === 1) return chunks[0]!
  const whole = Buffer.concat(chunks)
  for (const chunk of chunks) {
    const { buffer } = chunk
    // Several chunks may be parts of one buffer.
    if (buffer instanceof ArrayBuffer && !buffer.detached && !mayBePool(chunk)) buffer.transfer(0)
  }
  return whole
}

/** Small buffers may lie in Node's pool, which is everyone's; what is half as long as the pool or longer never does. */
function mayBePool({ buffer, length }: Buffer): boolean {
  return buffer.byteLength === Buffer.poolSize && length < Buffer.poolSize / 2
}
