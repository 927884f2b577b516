import { type DefaultTheme, defineConfig, type UserConfig } from 'vitepress'

const guide = (text: string, page: string): DefaultTheme.SidebarItem => ({ text, link: `/guide/${page}` })

const site: UserConfig<DefaultTheme.Config> = defineConfig({
  title: 'Limpet',
  description: 'Sticky routing to Kubernetes pods by request header',
  srcExclude: ['test/**'],
  themeConfig: {
    nav: [
      { text: 'Guide', link: '/guide/getting-started' },
      { text: 'API', link: '/api/' },
    ],
    sidebar: [
      guide('Getting started', 'getting-started'),
      guide('Keys', 'keys'),
      guide('The sticky table', 'tables'),
      guide('Redis and Valkey', 'redis'),
      guide('A table that stores nothing', 'hash-table'),
      guide('The near cache', 'near-cache'),
      guide('The proof of the shared table', 'proof'),
      guide('Endpoints', 'endpoints'),
      guide('Endpoints from a file', 'file'),
      guide('Discovery by DNS', 'dns'),
      guide('Pods of a Kubernetes Service', 'kubernetes'),
      guide('What EndpointSlices mean', 'kubernetes-slices'),
      guide("A Service's sessionAffinity", 'kubernetes-affinity'),
      guide('Deploying to Kubernetes', 'kubernetes-deploy'),
      guide('Placement', 'placement'),
      guide('Consistent hashing', 'hashing'),
      guide('Agreeing with a proxy', 'parity'),
      guide('… with nginx', 'parity-nginx'),
      guide('… with HAProxy', 'parity-haproxy'),
      guide('… with Envoy', 'parity-envoy'),
      guide('What would move', 'simulate'),
      guide('Health', 'health'),
      guide('Lost endpoints', 'loss'),
      guide('Draining', 'drain'),
      guide('forward()', 'forward'),
      guide('serve()', 'serve'),
      guide('HTTP/2 and gRPC', 'http2'),
      guide('Hardening', 'hardening'),
      guide('Limits against floods', 'hardening-resources'),
      guide('When a pod fails', 'faults'),
      guide('Express', 'express'),
      guide('Watching', 'watching'),
      guide('Errors', 'errors'),
      guide('Testing', 'testing'),
      guide('Design', 'design'),
      guide('Benchmarks', 'benchmarks'),
    ],
    outline: [2, 3],
  },
})

export default site
