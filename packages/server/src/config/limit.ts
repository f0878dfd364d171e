import { z } from 'zod'

/** A whole number with its default and bounds; the unit is the end of the setting's name. */
export function limit(fallback: number, bounds: { min: number; max: number }, meaning: string) {
  return z.number().int().min(bounds.min).max(bounds.max).default(fallback).describe(meaning)
}
