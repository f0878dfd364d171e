import { ERROR_OFFSET, TEXT } from './memory'

export const SYNTAX: u32 = 1
export const DUPLICATE: u32 = 2
export const PROTO: u32 = 3
export const PROTOTYPE: u32 = 4
export const SURROGATE: u32 = 5
export const INFINITE: u32 = 6
export const DEPTH: u32 = 7
export const LOOKALIKE: u32 = 8

let code: u32 = 0

/** Notes why and where the text ends to be accepted; answers 0, which is no address of a text. */
export function fail(reason: u32, at: u32): u32 {
  code = reason
  store<u32>(ERROR_OFFSET, <u32>(at - TEXT))
  return 0
}

export function failure(): u32 {
  return code
}
