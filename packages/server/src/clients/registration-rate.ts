/** Addresses beyond this are forgotten, oldest first: one that is forgotten may begin anew. */
const MAX_ADDRESSES = 10_000
const HOUR_MICROS = 3_600_000_000

export interface RegistrationRate {
  /** Counts one attempt; 0 when it may go on, otherwise the seconds to wait. */
  take(address: string): number
}

/** At most so many attempts of one address in an hour, given back one by one. */
export function createRegistrationRate(perHour: number, monotonicMicros: () => number): RegistrationRate {
  const full = new Map<string, { left: number; atMicros: number }>()
  const microsPerAttempt = HOUR_MICROS / perHour

  return {
    take(address) {
      const now = monotonicMicros()
      const known = full.get(address)
      const left = known ? Math.min(perHour, known.left + (now - known.atMicros) / microsPerAttempt) : perHour
      if (left < 1) return Math.max(1, Math.ceil(((1 - left) * microsPerAttempt) / 1e6))
      full.delete(address)
      full.set(address, { left: left - 1, atMicros: now })
      if (full.size > MAX_ADDRESSES) full.delete(full.keys().next().value!)
      return 0
    },
  }
}
