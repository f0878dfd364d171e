// What the host answers in the rare cases that are not worth a second implementation here. Offsets are of the text.

/** Whether the number is within the range of a double. */
export declare function isFinite(start: u32, end: u32): bool
/** Starts an empty set of decoded keys for the object at the level of this address. */
export declare function openKeySet(level: u32): void
/** Adds a key to that set; answers a sum of the KEY_ values. */
export declare function addKey(level: u32, start: u32, end: u32): u32
/** Whether the key could be taken for a field of this place by a lax reader. */
export declare function isLookalike(place: u32, start: u32, end: u32): bool

export const KEY_KNOWN: u32 = 1
export const KEY_PROTO: u32 = 2
export const KEY_PROTOTYPE: u32 = 4
export const KEY_CONSTRUCTOR: u32 = 8
