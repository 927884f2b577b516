import { describe, expect, it } from 'vitest'
import { RawHeaderFields } from '../../src/headers/header-fields.ts'

const RAW = ['Host', 'shop', 'X-A', '1', 'Accept', '*/*', 'x-a', '2', 'X-B', '']

function fields() {
  const raw = [...RAW]
  return { raw, headers: new RawHeaderFields(raw) }
}

describe('RawHeaderFields', () => {
  it('reads names in any case, and each value of a repeated one', () => {
    const { headers } = fields()
    expect([headers.get('x-A'), headers.getAll('X-a'), headers.has('X-b')]).toEqual(['1', ['1', '2'], true])
    expect([headers.get('none'), headers.getAll('none'), headers.has('none')]).toEqual([undefined, [], false])
  })

  it('takes no value for a name', () => {
    const headers = new RawHeaderFields(['X-A', 'X-B', 'X-C', 'c'])
    expect([headers.has('x-b'), headers.has('c')]).toEqual([false, false])
  })

  it('goes over every field in order, as it was written', () => {
    const { headers } = fields()
    expect([...headers].flat()).toEqual(RAW)
  })

  it('sets one in place of all of its name, where the first stood', () => {
    const { raw, headers } = fields()
    headers.set('X-A', '3')
    expect(raw).toEqual(['Host', 'shop', 'X-A', '3', 'Accept', '*/*', 'X-B', ''])
  })

  it('sets and appends behind the others', () => {
    const { raw, headers } = fields()
    headers.set('X-New', 'n')
    headers.append('x-a', '3')
    expect(raw).toEqual([...RAW, 'X-New', 'n', 'x-a', '3'])
    expect(headers.getAll('x-a')).toEqual(['1', '2', '3'])
  })

  it('deletes all of a name, and tells whether there was one', () => {
    const { raw, headers } = fields()
    expect([headers.delete('X-A'), headers.delete('X-A'), headers.delete('x-b')]).toEqual([true, false, true])
    expect(raw).toEqual(['Host', 'shop', 'Accept', '*/*'])
  })

  it('sets Host, and lets it be neither deleted nor doubled', () => {
    const { raw, headers } = fields()
    headers.set('host', 'other')
    expect(raw.slice(0, 2)).toEqual(['Host', 'other'])
    expect(() => headers.delete('HOST')).toThrow('header HOST')
    expect(() => headers.append('host', 'evil')).toThrow('header host')
    expect(headers.getAll('host')).toEqual(['other'])
  })

  const changes: Record<string, (headers: RawHeaderFields, name: string, value: string) => unknown> = {
    set: (headers, name, value) => headers.set(name, value),
    append: (headers, name, value) => headers.append(name, value),
    delete: (headers, name) => headers.delete(name),
  }
  const ours =
    'Connection content-length Expect keep-alive Proxy-Connection TE trailer Transfer-Encoding upgrade'
  for (const [how, change] of Object.entries(changes)) {
    it.each(ours.split(' '))(`does not ${how} %s`, (name) => {
      const { raw, headers } = fields()
      expect(() => change(headers, name, '1')).toThrow(expect.objectContaining({ code: 'invalid-header' }))
      expect(raw).toEqual(RAW)
    })

    it.each(['', ' ', 'a b', 'a:', ':a', 'a\r\nb', 'a\n', 'é', undefined, 1])(
      `does not ${how} a header of the name %j`,
      (name) => {
        const { raw, headers } = fields()
        expect(() => change(headers, name as string, '1')).toThrow(
          expect.objectContaining({ code: 'invalid-header' }),
        )
        expect(raw).toEqual(RAW)
      },
    )
  }

  it.each(['a\r\nX-Evil: 1', 'a\n', '\r', 'a\0', '\x7f', '\x1b', 'Ā', '👍', undefined, null, 1, ['a']])(
    'sends no value %j',
    (value) => {
      const { raw, headers } = fields()
      for (const change of [headers.set, headers.append]) {
        expect(() => change.call(headers, 'x-a', value as string)).toThrow(
          expect.objectContaining({ code: 'invalid-header' }),
        )
      }
      expect(raw).toEqual(RAW)
    },
  )

  it.each(['', 'a\tb', ' ', '\x80\xff', '"quoted", a=b; c'])('sends the value %j', (value) => {
    const { headers } = fields()
    headers.set('x-a', value)
    expect(headers.getAll('x-a')).toEqual([value])
  })

  it('says nothing of a value that it refuses', () => {
    const { headers } = fields()
    expect(() => headers.set('x-a', 'secret\n')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') }),
    )
  })
})
