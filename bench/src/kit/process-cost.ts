import { readdirSync, readFileSync } from 'node:fs'

export interface CpuTime {
  /** Spent on a core. */
  readonly usedUs: number
  /** Spent ready to run while another thread or process had the core. */
  readonly waitedUs: number
}

/** CPU time of a process, its threads and its children so far. Threads that ended are missing. */
export function readCpuTime(pid: number): CpuTime {
  const threads = tree(pid).flatMap((each) =>
    entries(`/proc/${each}/task`).map((task) =>
      text(`/proc/${each}/task/${task}/schedstat`).split(' ').map(Number),
    ),
  )
  return {
    usedUs: threads.reduce((sum, [used]) => sum + (used ?? 0), 0) / 1000,
    waitedUs: threads.reduce((sum, [, waited]) => sum + (waited ?? 0), 0) / 1000,
  }
}

/** Resident memory of a process and its children, in KB. */
export function readRssKb(pid: number): number {
  return tree(pid).reduce((sum, each) => sum + rssKb(each), 0)
}

function rssKb(pid: number): number {
  return Number(text(`/proc/${pid}/status`).match(/VmRSS:\s+(\d+)/)?.[1] ?? 0)
}

function tree(pid: number): number[] {
  const children = entries(`/proc/${pid}/task`).flatMap((task) =>
    text(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number),
  )
  return [pid, ...children.flatMap(tree)]
}

/** A thread may end between being listed and being read; it counts as nothing then. */
function text(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
function entries(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
