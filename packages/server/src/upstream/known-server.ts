import type { UpstreamInfo } from './channel.ts'

/** What is known of a server: found out once at a time, remembered until the server is lost. */
export class KnownServer {
  readonly #detect: () => Promise<UpstreamInfo>
  #detecting: Promise<UpstreamInfo> | undefined
  #info: UpstreamInfo | undefined

  constructor(detect: () => Promise<UpstreamInfo>) {
    this.#detect = detect
  }

  /** For those who cannot wait: undefined while it is not known. */
  get info(): UpstreamInfo | undefined {
    return this.#info
  }

  async find(): Promise<UpstreamInfo> {
    if (this.#detecting) return this.#detecting
    const detecting = this.#detect()
    this.#detecting = detecting
    try {
      const info = await detecting
      if (this.#detecting === detecting) this.#info = info
      return info
    } catch (error) {
      if (this.#detecting === detecting) this.forget()
      throw error
    }
  }

  forget(): void {
    this.#detecting = undefined
    this.#info = undefined
  }
}
