import { timingSafeEqual } from 'node:crypto'

/** Tells whether two texts are equal without telling by its time how much of them is. */
export function equalSecrets(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right)
}
