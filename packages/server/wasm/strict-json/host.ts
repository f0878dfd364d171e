// What the host answers in the rare cases that are not worth a second implementation here.

/** Whether the number at these offsets of the text is within the range of a double. */
export declare function isFinite(start: u32, end: u32): bool
/** Whether the key at these offsets of the text could be taken for a field of this place by a lax reader. */
export declare function isLookalike(place: u32, start: u32, end: u32): bool
/** Starts an empty set of keys for the object at the level of this address. */
export declare function openKeySet(level: u32): void
/** Adds the key at these addresses to that set; false when it was there. */
export declare function addKey(level: u32, start: u32, end: u32): bool
