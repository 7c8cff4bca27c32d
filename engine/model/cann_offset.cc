#include "engine/model/cann_offset.h"

#include <cstdint>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/model/text_positions.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/unknown_field_set.h"

namespace quantd {
namespace {

using google::protobuf::io::Tokenizer;

constexpr int kOffsetNumber = caffe::QuantParameter::kOffsetFieldNumber;

int32_t OffsetOf(const std::string& bytes) {
  return bytes.empty() ? 0 : static_cast<signed char>(bytes[0]);
}

class Ignorer : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    failed_ = true;
  }
  bool failed() const { return failed_; }

 private:
  bool failed_ = false;
};

// Copies a text, with other numbers at some places.
class Rewriter {
 public:
  explicit Rewriter(absl::string_view text) : text_(text), positions_(text) {}

  std::string Rewrite();

 private:
  // Remembers the messages that are open.
  void Nest(const Tokenizer::Token& token);
  bool InQuantParam() const {
    return !open_.empty() &&
           (open_.back() == "quant_param" || open_.back() == "w_h_quant_param");
  }
  // Puts `with` in place of `token`, filled up to its length.
  void Replace(const Tokenizer::Token& token, const std::string& with);

  const absl::string_view text_;
  TextPositions positions_;
  std::vector<std::string> open_;
  std::string name_;  // The last one, of a field.
  std::string result_;
  size_t copied_ = 0;
};

void Rewriter::Nest(const Tokenizer::Token& token) {
  if (token.type == Tokenizer::TYPE_IDENTIFIER) {
    name_ = token.text;
  } else if (token.text == "{" || token.text == "<") {
    open_.push_back(name_);
  } else if (token.text == "}" || token.text == ">") {
    if (!open_.empty()) open_.pop_back();
    name_.clear();
  }
}

void Rewriter::Replace(const Tokenizer::Token& token, const std::string& with) {
  const size_t begin = positions_.OffsetOf(token.line, token.column);
  absl::StrAppend(&result_, text_.substr(copied_, begin - copied_), with);
  if (with.size() < token.text.size()) {
    result_.append(token.text.size() - with.size(), ' ');
  }
  copied_ = begin + token.text.size();
}

std::string Rewriter::Rewrite() {
  google::protobuf::io::ArrayInputStream stream(text_.data(),
                                                static_cast<int>(text_.size()));
  Ignorer errors;
  Tokenizer tokenizer(&stream, &errors);
  tokenizer.set_comment_style(Tokenizer::SH_COMMENT_STYLE);
  tokenizer.set_allow_f_after_float(true);
  tokenizer.set_require_space_after_number(false);
  bool in_value = false;  // Behind a string: more of it may follow.
  while (tokenizer.Next()) {
    const Tokenizer::Token& token = tokenizer.current();
    const bool is_string = token.type == Tokenizer::TYPE_STRING;
    if (is_string && in_value) {
      Replace(token, "");
    } else if (is_string && name_ == "offset" && InQuantParam()) {
      std::string bytes;
      Tokenizer::ParseString(token.text, &bytes);
      Replace(token, absl::StrCat(OffsetOf(bytes)));
      in_value = true;
    } else {
      in_value = false;
      Nest(token);
    }
  }
  if (errors.failed() || copied_ == 0) return std::string(text_);
  absl::StrAppend(&result_, text_.substr(copied_));
  return result_;
}

// Calls change(quant_param) for each QuantParameter of `net`.
template <typename Change>
void ForEachQuantParam(caffe::NetParameter* net, Change change) {
  for (caffe::LayerParameter& layer : *net->mutable_layer()) {
    if (layer.has_quant_param()) change(layer.mutable_quant_param());
    if (layer.lstm_quant_param().has_w_h_quant_param()) {
      change(layer.mutable_lstm_quant_param()->mutable_w_h_quant_param());
    }
  }
}

}  // namespace

std::string NumbersForCannOffsets(absl::string_view text) {
  if (!absl::StrContains(text, "quant_param")) return std::string(text);
  return Rewriter(text).Rewrite();
}

void StoreCannOffsets(caffe::NetParameter* net) {
  ForEachQuantParam(net, [](caffe::QuantParameter* quant) {
    if (!quant->has_offset()) return;
    quant->mutable_unknown_fields()->AddLengthDelimited(
        kOffsetNumber, std::string(1, static_cast<char>(quant->offset())));
    quant->clear_offset();
  });
}

void LoadCannOffsets(caffe::NetParameter* net) {
  ForEachQuantParam(net, [](caffe::QuantParameter* quant) {
    const auto& unknown = quant->unknown_fields();
    for (int i = 0; i < unknown.field_count(); ++i) {
      const google::protobuf::UnknownField& field = unknown.field(i);
      if (field.number() != kOffsetNumber ||
          field.type() !=
              google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED) {
        continue;
      }
      if (!quant->has_offset()) {
        quant->set_offset(OffsetOf(field.length_delimited()));
      }
      quant->mutable_unknown_fields()->DeleteByNumber(kOffsetNumber);
      return;
    }
  });
}

std::string CannOffsetText(int32_t offset) {
  return absl::StrCat(
      "\"", absl::CEscape(std::string(1, static_cast<char>(offset))), "\"");
}

}  // namespace quantd
