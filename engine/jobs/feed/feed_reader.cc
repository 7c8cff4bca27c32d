#include "engine/jobs/feed/feed_reader.h"

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/data/batch_reader.h"
#include "engine/data/tensor_reader.h"

namespace quantd {
namespace {

constexpr auto kFailed = absl::StatusCode::kFailedPrecondition;

absl::Status CopyTo(const Tensor& source, Tensor* target) {
  RETURN_IF_ERROR(target->Resize(source.shape()));
  std::copy(source.values().begin(), source.values().end(), target->data());
  return absl::OkStatus();
}

// --- Images ---

class ImageFeed : public FeedReader {
 public:
  static absl::StatusOr<std::unique_ptr<FeedReader>> Open(
      const NetworkFeed& feed, const std::string& lmdb_path,
      int64_t batch_size);

  int64_t num_records() const override { return reader_->num_records(); }
  bool feeds_arrays() const override { return false; }
  bool has_labels() const override { return true; }
  const std::vector<InputShape>& inputs() const override { return inputs_; }
  absl::Status SetBatchSize(int64_t batch_size) override {
    return reader_->SetBatchSize(batch_size);
  }

  absl::StatusOr<int64_t> Next(Net* net, Tensor* labels) override {
    ASSIGN_OR_RETURN(Tensor * data, net->MutableBlob(inputs_[0].blob));
    ASSIGN_OR_RETURN(const int64_t count, reader_->Next(data, labels));
    if (count == 0 || label_blob_.empty()) return count;
    ASSIGN_OR_RETURN(Tensor * label, net->MutableBlob(label_blob_));
    RETURN_IF_ERROR(CopyTo(*labels, label));
    return count;
  }

 private:
  ImageFeed(const NetworkFeed& feed, std::unique_ptr<BatchReader> reader)
      : label_blob_(feed.label_blob),
        reader_(std::move(reader)),
        inputs_({{feed.data_blob, reader_->image_shape(), false}}) {}

  const std::string label_blob_;
  const std::unique_ptr<BatchReader> reader_;
  const std::vector<InputShape> inputs_;
};

absl::StatusOr<std::unique_ptr<FeedReader>> ImageFeed::Open(
    const NetworkFeed& feed, const std::string& lmdb_path, int64_t batch_size) {
  RETURN_IF_ERROR(feed.takes_images);
  BatchReader::Options options;
  options.lmdb_path = lmdb_path;
  options.batch_size = batch_size;
  options.transform = feed.transform;
  options.mean = feed.mean;
  options.resize_height = feed.resize_height;
  options.resize_width = feed.resize_width;
  options.wrap = false;
  ASSIGN_OR_RETURN(auto reader, BatchReader::Create(options));
  if (feed.image_shape.num_axes() > 0 &&
      feed.image_shape != reader->image_shape()) {
    return Error(
        kFailed, "DATASET_SHAPE_MISMATCH",
        absl::StrCat("the network's input \"", feed.data_blob, "\" takes ",
                     feed.image_shape.ToString(),
                     ", but the data set's images are ",
                     reader->image_shape().ToString(),
                     " after the transform; set the crop, or change the "
                     "input's shape"),
        {{"blob", feed.data_blob},
         {"expected", feed.image_shape.ToString()},
         {"found", reader->image_shape().ToString()}});
  }
  return absl::WrapUnique<FeedReader>(new ImageFeed(feed, std::move(reader)));
}

// --- Arrays ---

// Index of the array with one of `names`, the first of them that there is; -1
// without.
int FindArray(const std::vector<TensorReader::Array>& arrays,
              const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    for (size_t i = 0; i < arrays.size(); ++i) {
      if (arrays[i].name == name) return static_cast<int>(i);
    }
  }
  return -1;
}

class ArrayFeed : public FeedReader {
 public:
  static absl::StatusOr<std::unique_ptr<FeedReader>> Open(
      const NetworkFeed& feed, const std::string& lmdb_path,
      int64_t batch_size);

  int64_t num_records() const override { return reader_->num_records(); }
  bool feeds_arrays() const override { return true; }
  bool has_labels() const override { return label_array_ >= 0; }
  const std::vector<InputShape>& inputs() const override { return inputs_; }

  absl::Status SetBatchSize(int64_t batch_size) override {
    if (batch_size < 1) {
      return Error(absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
                   "batch_size must be at least 1", {{"option", "batch_size"}});
    }
    batch_size_ = IsWhole() ? 1 : batch_size;
    return absl::OkStatus();
  }

  absl::StatusOr<int64_t> Next(Net* net, Tensor* labels) override;

 private:
  explicit ArrayFeed(std::unique_ptr<TensorReader> reader)
      : reader_(std::move(reader)) {}

  absl::Status AddInput(const NetworkFeed& feed, const FeedInput& input);
  absl::StatusOr<bool> FindForm(const FeedInput& input,
                                const TensorReader::Array& array) const;
  absl::Status NoArray(const FeedInput& input) const;
  bool IsWhole() const { return HoldsWholeInputs(inputs_); }

  const std::unique_ptr<TensorReader> reader_;
  std::vector<InputShape> inputs_;
  std::vector<int> arrays_;               // Of each of inputs_.
  std::vector<std::string> zero_labels_;  // Tops that no array fills.
  int label_array_ = -1;
  int64_t batch_size_ = 1;
};

absl::StatusOr<std::unique_ptr<FeedReader>> ArrayFeed::Open(
    const NetworkFeed& feed, const std::string& lmdb_path, int64_t batch_size) {
  if (feed.has_job_transform) {
    return Error(absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
                 "the data set holds arrays, which go into the network as they "
                 "are; leave out the mean, scale, crop and resize options",
                 {{"options", "transform"}});
  }
  ASSIGN_OR_RETURN(auto tensors, TensorReader::Open(lmdb_path));
  auto reader = absl::WrapUnique(new ArrayFeed(std::move(tensors)));
  // The data blob first.
  for (const bool is_data : {true, false}) {
    for (const FeedInput& input : feed.inputs) {
      if ((input.blob == feed.data_blob) != is_data) continue;
      RETURN_IF_ERROR(reader->AddInput(feed, input));
    }
  }
  reader->label_array_ = FindArray(
      reader->reader_->arrays(),
      feed.label_blob.empty() ? std::vector<std::string>{"label", "labels"}
                              : std::vector<std::string>{feed.label_blob});
  RETURN_IF_ERROR(reader->SetBatchSize(batch_size));
  return absl::WrapUnique<FeedReader>(reader.release());
}

absl::Status ArrayFeed::AddInput(const NetworkFeed& feed,
                                 const FeedInput& input) {
  const std::vector<TensorReader::Array>& arrays = reader_->arrays();
  std::vector<std::string> names = {input.blob};
  const auto is_input = [](const FeedInput& other) { return !other.is_label; };
  if (!input.is_label &&
      std::count_if(feed.inputs.begin(), feed.inputs.end(), is_input) == 1) {
    names.insert(names.end(), {"", "arr_0"});
  }
  const int index = FindArray(arrays, names);
  if (index < 0 && input.is_label) {
    zero_labels_.push_back(input.blob);
    return absl::OkStatus();
  }
  if (index < 0) return NoArray(input);
  ASSIGN_OR_RETURN(const bool is_whole, FindForm(input, arrays[index]));
  inputs_.push_back({input.blob, arrays[index].shape, is_whole});
  arrays_.push_back(index);
  return absl::OkStatus();
}

// True if a record of `array` is the whole input, false if it is an image.
absl::StatusOr<bool> ArrayFeed::FindForm(
    const FeedInput& input, const TensorReader::Array& array) const {
  const Shape& stated = input.stated;
  if (stated.num_axes() == 0) return false;
  if (array.shape == stated) return true;
  const std::vector<int64_t> image(stated.dims().begin() + 1,
                                   stated.dims().end());
  if (array.shape.dims() == image) return false;
  const auto with_records = [this](const std::vector<int64_t>& dims) {
    return absl::StrCat(num_records(), dims.empty() ? "" : "x",
                        absl::StrJoin(dims, "x"));
  };
  const std::string found = with_records(array.shape.dims());
  return Error(
      kFailed, "DATASET_SHAPE_MISMATCH",
      absl::StrCat(array.file.empty() ? "" : absl::StrCat(array.file, ": "),
                   "the array for the input \"", input.blob,
                   "\" has the shape ", found, ", but the network states ",
                   stated.ToString(), ": it must be ", with_records(image),
                   ", the first axis being that of the records, or ",
                   with_records(stated.dims()),
                   " with the whole input in each"),
      {{"file", array.file},
       {"blob", input.blob},
       {"array", array.name},
       {"expected", with_records(image)},
       {"found", found}});
}

absl::Status ArrayFeed::NoArray(const FeedInput& input) const {
  std::vector<std::string> names;
  for (const TensorReader::Array& array : reader_->arrays()) {
    names.push_back(absl::StrCat("\"", array.name, "\""));
  }
  return Error(
      kFailed, "BLOB_NOT_FOUND",
      absl::StrCat("the network's input \"", input.blob,
                   "\" has no array: the data set has ",
                   absl::StrJoin(names, ", "),
                   "; give each input one of its name, as in --data ",
                   input.blob, "=FILE.npy"),
      {{"blob", input.blob}, {"available", absl::StrJoin(names, ",")}});
}

absl::StatusOr<int64_t> ArrayFeed::Next(Net* net, Tensor* labels) {
  std::vector<TensorReader::Target> batch(reader_->arrays().size());
  for (size_t i = 0; i < inputs_.size(); ++i) {
    TensorReader::Target& target = batch[arrays_[i]];
    ASSIGN_OR_RETURN(target.tensor, net->MutableBlob(inputs_[i].blob));
    target.is_whole = inputs_[i].is_whole;
  }
  // An input may be the labels.
  Tensor* own_labels = nullptr;
  if (has_labels()) {
    own_labels = batch[label_array_].tensor;
    if (own_labels == nullptr) batch[label_array_].tensor = labels;
  }
  ASSIGN_OR_RETURN(const int64_t count, reader_->Next(batch_size_, batch));
  if (count == 0) return 0;
  if (own_labels != nullptr) RETURN_IF_ERROR(CopyTo(*own_labels, labels));
  for (const std::string& blob : zero_labels_) {
    ASSIGN_OR_RETURN(Tensor * label, net->MutableBlob(blob));
    RETURN_IF_ERROR(label->Resize(Shape({count})));
    std::fill_n(label->data(), count, 0.0f);
  }
  return count;
}

}  // namespace

bool HoldsWholeInputs(const std::vector<InputShape>& inputs) {
  return std::any_of(inputs.begin(), inputs.end(),
                     [](const InputShape& input) { return input.is_whole; });
}

absl::StatusOr<std::unique_ptr<FeedReader>> OpenFeed(
    const NetworkFeed& feed, const std::string& lmdb_path, int64_t batch_size) {
  ASSIGN_OR_RETURN(const bool holds_tensors,
                   TensorReader::HoldsTensors(lmdb_path));
  return holds_tensors ? ArrayFeed::Open(feed, lmdb_path, batch_size)
                       : ImageFeed::Open(feed, lmdb_path, batch_size);
}

}  // namespace quantd
