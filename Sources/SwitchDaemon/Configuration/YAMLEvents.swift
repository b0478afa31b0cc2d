// The seam to libyaml: its parser and its C events, turned into values. The only file of the configuration with
// unsafe code.

import CYAML

/// One event with the place at which it begins; line and column from 1.
struct YAMLEvent {
  enum Kind: Equatable {
    case documentStart(hasTags: Bool)
    case documentEnd
    case alias(String)
    case scalar(String)
    case sequenceStart
    case sequenceEnd
    case mappingStart
    case mappingEnd
    /// What libyaml says is wrong; nothing follows.
    case fault(String, context: String?)
  }

  let kind: Kind
  let line: Int
  let column: Int
  /// Name behind `&`.
  var anchor: String?
  /// The tag as it was written.
  var tag: String?
}

enum YAMLEvents {
  /// Hands over the events of `bytes` one after the other until the end, a fault, or `body` saying false.
  static func forEach(in bytes: [UInt8], _ body: (YAMLEvent) -> Bool) {
    var parser = unsafe yaml_parser_t()
    guard unsafe yaml_parser_initialize(&parser) == 1 else {
      _ = body(YAMLEvent(kind: .fault("out of memory", context: nil), line: 1, column: 1))
      return
    }
    defer { unsafe yaml_parser_delete(&parser) }
    unsafe bytes.withUnsafeBufferPointer { buffer in
      unsafe yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
      unsafe yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
      var isRunning = true
      while isRunning {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(&parser, &event) == 1 else {
          unsafe _ = body(fault(parser))
          return
        }
        if unsafe event.type == YAML_STREAM_END_EVENT { isRunning = false }
        if let value = unsafe value(event) { isRunning = body(value) && isRunning }
        unsafe yaml_event_delete(&event)
      }
    }
  }

  private static func value(_ event: yaml_event_t) -> YAMLEvent? {
    let line = unsafe event.start_mark.line + 1
    let column = unsafe event.start_mark.column + 1
    switch unsafe event.type {
    case YAML_DOCUMENT_START_EVENT:
      let directives = unsafe event.data.document_start.tag_directives
      let hasTags = unsafe directives.start != directives.end
      return YAMLEvent(kind: .documentStart(hasTags: hasTags), line: line, column: column)
    case YAML_DOCUMENT_END_EVENT: return YAMLEvent(kind: .documentEnd, line: line, column: column)
    case YAML_ALIAS_EVENT:
      return YAMLEvent(kind: .alias(unsafe text(event.data.alias.anchor) ?? ""), line: line, column: column)
    case YAML_SCALAR_EVENT:
      let scalar = unsafe event.data.scalar
      let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      let content = unsafe String(decoding: bytes, as: UTF8.self)
      return YAMLEvent(
        kind: .scalar(content), line: line, column: column, anchor: unsafe text(scalar.anchor),
        tag: unsafe text(scalar.tag))
    case YAML_SEQUENCE_START_EVENT:
      return YAMLEvent(
        kind: .sequenceStart, line: line, column: column, anchor: unsafe text(event.data.sequence_start.anchor),
        tag: unsafe text(event.data.sequence_start.tag))
    case YAML_SEQUENCE_END_EVENT: return YAMLEvent(kind: .sequenceEnd, line: line, column: column)
    case YAML_MAPPING_START_EVENT:
      return YAMLEvent(
        kind: .mappingStart, line: line, column: column, anchor: unsafe text(event.data.mapping_start.anchor),
        tag: unsafe text(event.data.mapping_start.tag))
    case YAML_MAPPING_END_EVENT: return YAMLEvent(kind: .mappingEnd, line: line, column: column)
    default: return nil
    }
  }

  private static func fault(_ parser: yaml_parser_t) -> YAMLEvent {
    let problem = unsafe message(parser.problem) ?? "not YAML"
    let context = unsafe message(parser.context)
    return YAMLEvent(
      kind: .fault(problem, context: context), line: Int(unsafe parser.problem_mark.line) + 1,
      column: Int(unsafe parser.problem_mark.column) + 1)
  }

  private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    unsafe pointer.map { unsafe String(cString: $0) }
  }

  private static func message(_ pointer: UnsafePointer<CChar>?) -> String? {
    unsafe pointer.map { unsafe String(cString: $0) }
  }
}
