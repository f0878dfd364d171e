/**
 * Why a text was not accepted: `syntax` is no JSON at all, `refused` is JSON that parsers would read differently
 * or that is made to do harm. The message completes the sentence "The body …".
 */
export class StrictJsonError extends Error {
  readonly kind: 'syntax' | 'refused'
  readonly offset: number

  constructor(kind: 'syntax' | 'refused', message: string, offset: number) {
    super(message)
    this.name = 'StrictJsonError'
    this.kind = kind
    this.offset = offset
  }
}
