import type { MasterKey } from './master-key.ts'

/** The key that seals, and those before it, which still open. */
export class KeyRing {
  #keys: readonly MasterKey[]

  constructor(keys: readonly [MasterKey, ...MasterKey[]]) {
    this.#keys = keys
  }

  get current(): MasterKey {
    return this.#keys[0]!
  }

  get others(): readonly MasterKey[] {
    return this.#keys.slice(1)
  }

  get all(): readonly MasterKey[] {
    return this.#keys
  }

  find(id: Uint8Array): MasterKey | undefined {
    return this.#keys.find((key) => key.id.equals(id))
  }

  /** From now on this one seals. */
  promote(key: MasterKey): void {
    this.#keys = [key, ...this.#keys.filter(({ name }) => name !== key.name)]
  }

  forgetOthers(): void {
    this.#keys = this.#keys.slice(0, 1)
  }
}
