import { describe, expect, it } from 'vitest'
import { originForm, targetFault } from '../../src/headers/target-check.ts'

describe('targetFault', () => {
  it.each([
    ['GET', '/', undefined],
    ['GET', '//evil/a', 'shop'],
    ['GET', '/a?b\\c', 'shop'],
    ['OPTIONS', '*', 'shop'],
    ['GET', 'http://shop/a', 'shop'],
    ['GET', 'HTTP://SHOP:80/a', 'shop'],
    ['GET', 'https://shop/a', 'shop:443'],
    ['GET', 'http://shop?a', 'Shop'],
    ['GET', 'http://[::1]:8080/', '[::1]:8080'],
  ])('is none of %s %s with Host %s', (method, target, host) => {
    expect(targetFault(method, target, host)).toBeUndefined()
  })

  it.each([
    ['GET', '*', 'shop'],
    ['OPTIONS', '*a', 'shop'],
    ['GET', '', 'shop'],
    ['GET', 'a', 'shop'],
    ['GET', '/a#', 'shop'],
    ['GET', '/a\\b?c', 'shop'],
    ['GET', 'http://shop/\\', 'shop'],
    ['GET', 'http://shop/a', undefined],
    ['GET', 'http://shop/a', 'evil'],
    ['GET', 'https://shop:80/a', 'shop'],
    ['GET', 'http://shop@evil/a', 'shop'],
    ['GET', 'http://evil@shop/a', 'shop'],
    ['GET', 'ftp://shop/a', 'shop'],
    ['GET', 'http:/shop/a', 'shop'],
    ['CONNECT', 'shop:443', 'shop:443'],
  ])('is one of %s %s with Host %s', (method, target, host) => {
    expect(targetFault(method, target, host)).toBeTypeOf('string')
  })
})

describe('originForm', () => {
  it.each([
    ['GET', '/a?b', '/a?b'],
    ['OPTIONS', '*', '*'],
    ['GET', 'http://shop/../a//b?c', '/../a//b?c'],
    ['GET', 'http://shop?a', '/?a'],
    ['GET', 'http://shop', '/'],
    ['OPTIONS', 'http://shop', '*'],
    ['GET', 'nonsense', undefined],
  ])('of %s %s is %s', (method, target, expected) => {
    expect(originForm(method, target)).toBe(expected)
  })
})
