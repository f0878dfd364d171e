import { readFileSync, readdirSync, readlinkSync } from 'node:fs'

/** Resident memory in bytes; 0 when the process is gone. */
export function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readProc(pid, 'status'))?.[1] ?? 0) * 1024
}

export function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return 0
  }
}

/** True while the process exists and is not a zombie. */
export function isAlive(pid: number): boolean {
  const state = /State:\s+(\w)/.exec(readProc(pid, 'status'))?.[1]
  return state !== undefined && state !== 'Z' && state !== 'X'
}

export function isZombie(pid: number): boolean {
  return /State:\s+Z/.test(readProc(pid, 'status'))
}

/** Pids whose ancestor is `pid`, zombies included. */
export function descendants(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const parent = Number(/PPid:\s+(\d+)/.exec(readProc(Number(entry), 'status'))?.[1] ?? 0)
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)])
  }
  const found: number[] = []
  const queue = [pid]
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const child of children.get(next) ?? []) {
      found.push(child)
      queue.push(child)
    }
  }
  return found
}

/** The local addresses a process listens on for TCP, as `address:port`, IPv6 in the kernel's hexadecimal form. */
export function listeningAddresses(pid: number): string[] {
  const inodes = new Set<string>()
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const inode = /socket:\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]
      if (inode) inodes.add(inode)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  const addresses: string[] = []
  for (const table of ['tcp', 'tcp6']) {
    for (const line of readProc(pid, `net/${table}`).split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/)
      if (fields[3] === '0A' && inodes.has(fields[9] ?? '')) addresses.push(readAddress(fields[1] ?? ''))
    }
  }
  return addresses
}

function readAddress(text: string): string {
  const [address = '', port = ''] = text.split(':')
  const number = Number.parseInt(port, 16)
  if (address.length !== 8) return `${address}:${number}`
  const bytes = (address.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16))
  return `${bytes.reverse().join('.')}:${number}`
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
