// What is wrong with a protobuf text, and where.
#ifndef QUANTD_ENGINE_CONFIG_FIRST_PARSE_ERROR_H_
#define QUANTD_ENGINE_CONFIG_FIRST_PARSE_ERROR_H_

#include <string>

#include "google/protobuf/io/tokenizer.h"

namespace quantd {

// Keeps the first error; for TextFormat::Parser::RecordErrorsTo().
class FirstParseError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    if (!message_.empty()) return;
    line_ = line;
    column_ = column;
    message_ = message;
  }
  void AddWarning(int, google::protobuf::io::ColumnNumber,
                  const std::string&) override {}

  // Counted from 0, as protobuf does; -1 where it knows no place.
  int line() const { return line_; }
  int column() const { return column_; }
  const std::string& message() const { return message_; }

 private:
  int line_ = 0;
  int column_ = 0;
  std::string message_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_FIRST_PARSE_ERROR_H_
