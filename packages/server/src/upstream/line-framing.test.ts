import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineFraming } from './line-framing.ts'

function frame(chunks: readonly Buffer[], limitBytes = 100) {
  const lines: string[] = []
  const tooLong: number[] = []
  const framing = new LineFraming({
    limitBytes,
    onLine: (line) => void lines.push(line.toString()),
    onTooLong: (beginning) => void tooLong.push(beginning.length),
  })
  for (const chunk of chunks) framing.push(chunk)
  return { lines, tooLong }
}

describe('lines', () => {
  it('are the same however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 20 })),
        fc.array(fc.nat(20)),
        (texts, cuts) => {
          const clean = texts.map((text) => text.replaceAll(/[\r\n]/g, '')).filter((text) => text !== '')
          const bytes = Buffer.from(clean.map((text) => `${text}\n`).join(''))
          const chunks: Buffer[] = []
          let at = 0
          for (const cut of cuts) chunks.push(bytes.subarray(at, (at += cut)))
          chunks.push(bytes.subarray(at))
          expect(frame(chunks).lines).toEqual(clean.map((text) => Buffer.from(text).toString()))
        },
      ),
    )
  })

  it('lose a carriage return, and empty ones are none', () => {
    expect(frame([Buffer.from('a\r\n\r\n\n\nb\n')]).lines).toEqual(['a', 'b'])
  })

  it('are skipped to their end when they are too long, and told of once', () => {
    const { lines, tooLong } = frame([
      Buffer.from('x'.repeat(90)),
      Buffer.from('x'.repeat(500)),
      Buffer.from('xx\nok\n'),
    ])
    expect({ lines, tooLong }).toEqual({ lines: ['ok'], tooLong: [100] })
  })
})
