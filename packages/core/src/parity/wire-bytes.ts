/** The bytes of a text that Node made of the wire's: one for each character, of one above 0xFF its low byte. */
export function wireBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

/** The text that has one character for each byte. */
export function wireText(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i] as number)
  return text
}

/** The bytes of a text from a config or a program, in UTF-8. */
export function textBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
