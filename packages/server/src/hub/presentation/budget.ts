const MAX_CHARACTERS = 512 * 1024

/** What is converted for one answer or event: while it is, nobody else is served. */
export class Budget {
  #left = MAX_CHARACTERS

  take(characters: number): boolean {
    if (characters > this.#left) return false
    this.#left -= characters
    return true
  }
}
