/** What a caller gave that no request can carry; the message is for the caller. */
export class UnfitArgument extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UnfitArgument'
  }
}

/** What RFC 3986 reserves and `encodeURIComponent` leaves. */
const LEFT = /[!'()*]/g
/** Reserved characters that neither end a query nor a value in it, nor mean a blank or an escape. */
const HARMLESS = /%(?:3A|2F|3F|40|5B|5D|21|24|27|28|29|2A|2C|3B)/g

/** A text percent-encoded down to the unreserved characters (RFC 3986 §2.3), whatever it holds. */
export function encodeText(text: string): string {
  if (!text.isWellFormed()) throw new UnfitArgument('holds half a character, which has no encoding')
  return encodeURIComponent(text).replaceAll(
    LEFT,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** For `allowReserved`: as much of RFC 3986's reserved set stays as can do no harm in a query. */
export function encodeReserved(text: string): string {
  return encodeText(text).replaceAll(HARMLESS, (escape) => decodeURIComponent(escape))
}
