#include "engine/model/kept_text.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"

namespace quantd {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

// Cuts text that is known to be correct into words, strings and punctuation.
class Scanner {
 public:
  explicit Scanner(absl::string_view text) : text_(text) { Next(); }

  bool done() const { return begin_ >= text_.size(); }
  size_t begin() const { return begin_; }  // Of the current token.
  char first() const { return done() ? '\0' : text_[begin_]; }
  absl::string_view token() const {
    return text_.substr(begin_, end_ - begin_);
  }

  bool IsString() const { return first() == '"' || first() == '\''; }
  bool Opens() const { return first() == '{' || first() == '<'; }
  bool Closes() const { return first() == '}' || first() == '>'; }

  void Next() {
    begin_ = end_;
    SkipSpace();
    end_ = begin_;
    if (done()) return;
    if (IsString()) {
      EndString();
    } else if (IsWord(text_[end_])) {
      while (end_ < text_.size() && ContinuesWord()) ++end_;
    } else {
      ++end_;
    }
  }

  // Appends the current token to `line`, without comments and line ends, and
  // goes to the next.
  void Take(std::string* line) {
    const bool is_glued = line->empty() || line->back() == '-' ||
                          first() == ':' || first() == ',';
    if (!is_glued) line->push_back(' ');
    line->append(token().data(), token().size());
    Next();
  }

  // Takes the current bracket up to the one that closes it.
  void TakeNested(std::string* line) {
    int depth = 0;
    do {
      if (Opens() || first() == '[') ++depth;
      if (Closes() || first() == ']') --depth;
      Take(line);
    } while (depth > 0 && !done());
  }

  // Takes a number, a word, adjacent strings, or what brackets enclose.
  void TakeValue(std::string* line) {
    if (Opens() || first() == '[') return TakeNested(line);
    if (IsString()) {
      while (IsString()) Take(line);
      return;
    }
    if (first() == '-') Take(line);
    Take(line);
  }

 private:
  static bool IsWord(char c) {
    return absl::ascii_isalnum(c) || c == '_' || c == '.' || c == '+';
  }

  // A number may have a sign behind its "e".
  bool ContinuesWord() const {
    if (IsWord(text_[end_])) return true;
    const bool is_number =
        absl::ascii_isdigit(text_[begin_]) || text_[begin_] == '.';
    return is_number && text_[end_] == '-' &&
           absl::ascii_tolower(text_[end_ - 1]) == 'e';
  }

  void SkipSpace() {
    while (begin_ < text_.size()) {
      if (text_[begin_] == '#') {
        begin_ = std::min(text_.find('\n', begin_), text_.size());
      } else if (absl::ascii_isspace(text_[begin_])) {
        ++begin_;
      } else {
        return;
      }
    }
  }

  void EndString() {
    const char quote = text_[end_++];
    while (end_ < text_.size() && text_[end_] != quote) {
      end_ += text_[end_] == '\\' ? 2 : 1;
    }
    end_ = std::min(end_ + 1, text_.size());
  }

  const absl::string_view text_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

// A message that the scanner is inside of.
struct Frame {
  Message* message;
  std::map<const FieldDescriptor*, int> seen;  // Of repeated messages.
};

// The message that `field` of `frame` has next in the text; null if there is
// none.
Message* Enter(const FieldDescriptor* field, Frame* frame) {
  const auto* const reflection = frame->message->GetReflection();
  if (!field->is_repeated()) {
    return reflection->MutableMessage(frame->message, field);
  }
  const int index = frame->seen[field]++;
  if (index >= reflection->FieldSize(*frame->message, field)) return nullptr;
  return reflection->MutableRepeatedMessage(frame->message, field, index);
}

class NoReport : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {}
};

// Merges `line`, one field, into `message` if it has that field and the value
// is correct, but for fields inside it that are not known.
bool MergeField(const std::string& line, Message* message) {
  const Scanner name(line);
  if (message->GetDescriptor()->FindFieldByName(std::string(name.token())) ==
      nullptr) {
    return false;
  }
  NoReport no_report;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&no_report);
  parser.AllowUnknownField(true);
  parser.AllowPartialMessage(true);
  const std::unique_ptr<Message> parsed(message->New());
  if (!parser.ParseFromString(line, parsed.get())) return false;
  KeepUnknownText(line, parsed.get());
  message->MergeFrom(*parsed);
  return true;
}

void Keep(const std::string& text, Message* message) {
  message->GetReflection()->MutableUnknownFields(message)->AddLengthDelimited(
      kKeptTextNumber, text);
}

}  // namespace

void KeepUnknownText(absl::string_view text, Message* message) {
  Scanner scanner(text);
  std::vector<Frame> frames;
  frames.push_back({message, {}});
  while (!scanner.done() && !frames.empty()) {
    if (scanner.Closes()) {
      frames.pop_back();
      scanner.Next();
      continue;
    }
    if (scanner.first() == ',' || scanner.first() == ';') {
      scanner.Next();
      continue;
    }
    Message* const inside = frames.back().message;
    const FieldDescriptor* const field =
        inside->GetDescriptor()->FindFieldByName(std::string(scanner.token()));
    const bool is_message =
        field != nullptr &&
        field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    std::string line;
    if (scanner.first() == '[') {
      scanner.TakeNested(&line);  // The name of an extension.
    } else {
      scanner.Take(&line);
    }
    if (scanner.first() == ':') scanner.Take(&line);
    if (is_message && scanner.Opens()) {
      Message* const entered = Enter(field, &frames.back());
      if (entered == nullptr) return;
      frames.push_back({entered, {}});
      scanner.Next();
      continue;
    }
    if (is_message) return;  // A list.
    scanner.TakeValue(&line);
    if (field == nullptr) Keep(line, inside);
  }
}

std::string KeptText(const Message& message) {
  std::string text;
  const UnknownFieldSet& unknown =
      message.GetReflection()->GetUnknownFields(message);
  for (int i = 0; i < unknown.field_count(); ++i) {
    const UnknownField& field = unknown.field(i);
    if (field.number() != kKeptTextNumber ||
        field.type() != UnknownField::TYPE_LENGTH_DELIMITED) {
      continue;
    }
    text.append(field.length_delimited());
    text.push_back('\n');
  }
  return text;
}

void MoveKeptText(Message* from, Message* to) {
  UnknownFieldSet* const unknown =
      from->GetReflection()->MutableUnknownFields(from);
  for (int i = 0; i < unknown->field_count(); ++i) {
    const UnknownField& field = unknown->field(i);
    if (field.number() != kKeptTextNumber ||
        field.type() != UnknownField::TYPE_LENGTH_DELIMITED) {
      continue;
    }
    const std::string& line = field.length_delimited();
    if (!MergeField(line, to)) Keep(line, to);
  }
  unknown->DeleteByNumber(kKeptTextNumber);
}

}  // namespace quantd
