// From events to a document. Iterative, so that depth costs no stack; what YAML has and a configuration must not have
// is refused here, each with its place, and reading goes on where it can.

import SwitchModel

struct YAMLBuilder {
  /// A collection that is still open.
  private struct Frame {
    let line: Int
    let column: Int
    var isMapping: Bool
    var items: [DocumentNode] = []
    var members: [DocumentNode.Member] = []
    /// Lines of the keys so far.
    var keys: [String: Int] = [:]
    /// A key that waits for its value; `isDropped` if it is a mistake already.
    var key: (text: String, line: Int, column: Int, isDropped: Bool)?
  }

  private let source: String?
  private let limits: YAMLLimits
  private var frames: [Frame] = []
  private var root: DocumentNode?
  private var documents = 0
  private var nodes = 0
  private var errors: [ConfigurationError] = []
  /// Depth inside a collection that stands where a key belongs; its content is skipped.
  private var skipping = 0

  init(source: String?, limits: YAMLLimits) {
    self.source = source
    self.limits = limits
  }

  /// Takes one event; false to stop.
  mutating func take(_ event: YAMLEvent) -> Bool {
    if skipping > 0 { return skip(event) }
    switch event.kind {
    case .documentStart(let hasTags):
      documents += 1
      if documents > 1 {
        return stop(event, "a second document, allowed: one", fix: "keep what stands above this ---")
      }
      if hasTags { return stop(event, "a %TAG directive, allowed: no tags", fix: "remove it") }
    case .documentEnd: break
    case .alias(let name):
      mistake(
        event, "alias \(TerminalText.quoted("*" + name)), allowed: no anchors and aliases", fix: "write the value again"
      )
      // The place of the value is taken, so that the rest of the mapping keeps its meaning.
      add(DocumentNode(.scalar(""), line: event.line, column: event.column), isDropped: true)
    case .scalar(let text):
      refuseProperties(event)
      add(DocumentNode(.scalar(text), line: event.line, column: event.column), isDropped: false)
    case .sequenceStart, .mappingStart:
      refuseProperties(event)
      if let frame = frames.last, frame.isMapping, frame.key == nil {
        mistake(event, "a collection where a key belongs, allowed: a name", fix: "put text with { or [ in quotes")
        add(DocumentNode(.scalar(""), line: event.line, column: event.column), isDropped: true)
        skipping = 1
        return errors.count < limits.errors
      }
      guard frames.count < limits.depth else {
        return stop(event, "nested deeper than \(limits.depth)", kind: .tooLarge)
      }
      frames.append(Frame(line: event.line, column: event.column, isMapping: event.kind == .mappingStart))
    case .sequenceEnd, .mappingEnd:
      guard let frame = frames.popLast() else { return false }
      let content: DocumentNode.Content = frame.isMapping ? .mapping(frame.members) : .sequence(frame.items)
      add(DocumentNode(content, line: frame.line, column: frame.column), isDropped: false)
    case .fault(let problem, let context):
      let place = context.map { " (\($0))" } ?? ""
      return stop(event, "not YAML: \(problem)\(place)", fix: hint(problem), kind: .malformed)
    }
    nodes += 1
    if nodes > limits.nodes { return stop(event, "more than \(limits.nodes) values", kind: .tooLarge) }
    return errors.count < limits.errors
  }

  /// The document, or all that is wrong with it.
  mutating func finish() throws(ConfigurationErrors) -> DocumentNode {
    if let errors = ConfigurationErrors(errors) { throw errors }
    return root ?? DocumentNode(.scalar(""), line: 1, column: 1)
  }

  private mutating func skip(_ event: YAMLEvent) -> Bool {
    switch event.kind {
    case .sequenceStart, .mappingStart: skipping += 1
    case .sequenceEnd, .mappingEnd: skipping -= 1
    case .fault(let problem, _): return stop(event, "not YAML: \(problem)", kind: .malformed)
    default: break
    }
    return true
  }

  /// Puts a node where it belongs: as key, as value, as item or as the root.
  private mutating func add(_ node: DocumentNode, isDropped: Bool) {
    guard var frame = frames.popLast() else {
      root = node
      return
    }
    if !frame.isMapping {
      frame.items.append(node)
    } else if let key = frame.key {
      if !key.isDropped, !isDropped {
        frame.members.append(DocumentNode.Member(key: key.text, line: key.line, column: key.column, value: node))
      }
      frame.key = nil
    } else {
      frame.key = takeKey(node, isDropped, &frame)
    }
    frames.append(frame)
  }

  private mutating func takeKey(_ node: DocumentNode, _ isDropped: Bool, _ frame: inout Frame)
    -> (text: String, line: Int, column: Int, isDropped: Bool)
  {
    let line = node.line ?? 0
    let column = node.column ?? 0
    guard !isDropped, case .scalar(let text) = node.content else { return ("", line, column, true) }
    if text == "<<" {
      mistake(line, column, "<<", "a merge key, allowed: no anchors and aliases", fix: "write the values again")
      return (text, line, column, true)
    }
    if let first = frame.keys[text] {
      mistake(line, column, text, "stands twice, first in line \(first)", fix: "remove one of them")
      return (text, line, column, true)
    }
    frame.keys[text] = line
    return (text, line, column, false)
  }

  private mutating func refuseProperties(_ event: YAMLEvent) {
    if let anchor = event.anchor {
      mistake(event, "anchor \(TerminalText.quoted("&" + anchor)), allowed: no anchors and aliases", fix: "remove it")
    }
    if let tag = event.tag { mistake(event, "tag \(TerminalText.quoted(tag)), allowed: no tags", fix: "remove it") }
  }

  /// What people most often mean by what libyaml says.
  private func hint(_ problem: String) -> String? {
    if problem.contains("cannot start any token") {
      return "indent with spaces, and put text with special characters in quotes"
    }
    if problem.contains("mapping values are not allowed") { return "put text with ': ' in quotes" }
    if problem.contains("could not find expected ':'") { return "write KEY: VALUE with a space behind the colon" }
    return nil
  }

  private mutating func stop(
    _ event: YAMLEvent, _ message: String, fix: String? = nil, kind: ConfigurationError.Kind = .unacceptable
  ) -> Bool {
    errors.append(
      ConfigurationError(
        kind, source: source, line: event.line, column: event.column, path: path(), message, fix: fix))
    return false
  }

  private mutating func mistake(_ event: YAMLEvent, _ message: String, fix: String?) {
    errors.append(
      ConfigurationError(
        source: source, line: event.line, column: event.column, path: path(), message, fix: fix))
  }

  private mutating func mistake(_ line: Int, _ column: Int, _ key: String, _ message: String, fix: String?) {
    errors.append(
      ConfigurationError(
        source: source, line: line, column: column, path: ConfigurationPath.join(path(), key), message, fix: fix))
  }

  /// Where reading is: the keys and items that are open.
  private func path() -> String {
    var path = ""
    for frame in frames {
      if !frame.isMapping {
        path = ConfigurationPath.item(path, frame.items.count)
      } else if let key = frame.key {
        path = ConfigurationPath.join(path, key.text)
      }
    }
    return path
  }
}
