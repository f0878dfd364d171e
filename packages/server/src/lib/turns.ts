/** Work on one thing, one piece after the other in the order it was asked for. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  /** Runs `work` once all earlier work is over, whatever became of it. */
  run<result>(work: () => Promise<result>): Promise<result> {
    const turn = this.#last.then(work, work)
    this.#last = turn.then(
      () => undefined,
      () => undefined,
    )
    return turn
  }
}
