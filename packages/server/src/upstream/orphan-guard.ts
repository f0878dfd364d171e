import { spawn, type ChildProcess } from 'node:child_process'
import type { Clock } from '../lib/clock.ts'

/**
 * Sees to it that no process group outlives the hub, however the hub ends. A small process of its own holds a pipe
 * from the hub; when the pipe closes, also by SIGKILL of the hub, it kills the groups that are then still registered.
 */
export interface OrphanGuard {
  /** Call at once after a group's leader was started. */
  add(groupId: number): void
  /** Call when the group is gone, before its id can be used again. */
  remove(groupId: number): void
  /** Ends the guard. Groups that are still registered are killed by it. */
  close(): void
}

const RESTART_MS = 1000

/** Nothing is started before the first group is added. */
export function createOrphanGuard(clock: Clock): OrphanGuard {
  const groups = new Set<number>()
  let watcher: ChildProcess | undefined
  let isClosed = false

  function tell(line: string): void {
    watcher?.stdin?.write(line)
  }

  function start(): void {
    if (watcher || isClosed || groups.size === 0) return
    const started = startWatcher()
    watcher = started
    const onGone = () => {
      if (watcher !== started) return
      watcher = undefined
      clock.setTimeout(start, RESTART_MS)
    }
    started.once('error', onGone)
    started.once('exit', onGone)
    // Its end is heard of by the exit event.
    started.stdin?.on('error', () => undefined)
    for (const group of groups) tell(`+${group}\n`)
  }

  return {
    add(groupId) {
      groups.add(groupId)
      if (watcher) tell(`+${groupId}\n`)
      else start()
    },
    remove(groupId) {
      if (groups.delete(groupId)) tell(`-${groupId}\n`)
    },
    close() {
      isClosed = true
      watcher?.stdin?.end()
      watcher = undefined
    },
  }
}

/** In a session of its own, so that signals to the hub's terminal or group do not reach it; without any environment. */
function startWatcher(): ChildProcess {
  const flags = ['--max-old-space-size=16', '--max-semi-space-size=1', '--no-warnings']
  const child = spawn(process.execPath, [...flags, '--eval', `(${watchGroups.toString()})()`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: {},
    cwd: '/',
  })
  child.unref()
  const { stdin } = child
  if (stdin && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
  return child
}

/** Runs as the watcher's whole program, from its own text: it must not refer to anything outside itself. */
function watchGroups(): void {
  const groups = new Set<number>()
  let rest = ''
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
  process.stdin.setEncoding('utf8')
  process.stdin.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const group = Number(line.slice(1))
      if (line.startsWith('+')) groups.add(group)
      else groups.delete(group)
    }
  })
  process.stdin.on('close', () => {
    for (const group of groups) {
      try {
        if (group > 1) process.kill(-group, 'SIGKILL')
      } catch {
        // It was gone already.
        continue
      }
    }
    process.exit(0)
  })
}
