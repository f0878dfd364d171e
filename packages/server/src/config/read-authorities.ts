import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Contradiction } from './check-listen.ts'

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** The PEM certificates of `egress.caFile`; undefined without one, and what is wrong with a file that has none. */
export function readAuthorities(
  file: string | undefined,
  directory: string,
): string | Contradiction | undefined {
  if (file === undefined) return undefined
  const path = ['egress', 'caFile']
  let text: string
  try {
    text = readFileSync(resolve(directory, file), 'utf8')
  } catch {
    return { path, message: 'cannot be read: there is no such file, or it is not readable' }
  }
  const certificates = text.match(CERTIFICATE) ?? []
  if (certificates.length === 0) return { path, message: 'holds no certificate in PEM form' }
  if (!certificates.every(isCertificate)) return { path, message: 'holds a certificate that cannot be read' }
  return certificates.join('\n')
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== ''
  } catch {
    return false
  }
}
