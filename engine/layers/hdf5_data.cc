// HDF5Data: rows of the datasets of HDF5 files that a list names: one dataset
// per top, of the top's name; the tops are (B, ...). Files and rows in order,
// or with `shuffle` both in an order that is new every round. After the last
// file comes the first.
#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/core/random.h"
#include "engine/hdf5/hdf5_reader.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

constexpr int64_t kMaxListBytes = int64_t{1} << 28;

absl::Status FileError(const std::string& file, const std::string& problem) {
  return Error(absl::StatusCode::kFailedPrecondition, "DATASET_SHAPE_MISMATCH",
               absl::StrCat("HDF5 file ", file, ": ", problem),
               {{"file", file}});
}

class Hdf5DataLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {0, 0}, num_tops, {1, Arity::kAny}));
    if (param().has_transform_param()) {
      return FieldError("transform_param",
                        "is not used by HDF5Data, which stores what the net "
                        "takes; remove it");
    }
    if (param().hdf5_data_param().batch_size() < 1) {
      return FieldError("hdf5_data_param.batch_size", "must be at least 1");
    }
    RETURN_IF_ERROR(ReadList());
    file_order_.resize(files_.size());
    StartOrder(&file_order_);
    return LoadFile();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    for (size_t i = 0; i < tops->size(); ++i) {
      std::vector<int64_t> dims = values_[i].shape().dims();
      dims[0] = param().hdf5_data_param().batch_size();
      ASSIGN_OR_RETURN((*tops)[i], Shape::Create(dims));
    }
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const int64_t batch = param().hdf5_data_param().batch_size();
    for (int64_t i = 0; i < batch; ++i) {
      ASSIGN_OR_RETURN(const int64_t row, NextRow());
      for (size_t k = 0; k < tops.size(); ++k) {
        const int64_t size = values_[k].num_elements() / num_rows();
        std::copy_n(std::as_const(values_[k]).data() + row * size, size,
                    tops[k]->data() + i * size);
      }
    }
    return absl::OkStatus();
  }

  absl::Status SkipPasses(int64_t passes) override {
    const int64_t batch = param().hdf5_data_param().batch_size();
    for (int64_t i = 0; i < passes * batch; ++i) {
      RETURN_IF_ERROR(NextRow().status());
    }
    return absl::OkStatus();
  }

 private:
  int64_t num_rows() const { return values_[0].shape()[0]; }

  // The names are separated by white space, as in Caffe.
  absl::Status ReadList() {
    const std::string& source = param().hdf5_data_param().source();
    if (source.empty()) {
      return FieldError("hdf5_data_param.source", "is missing");
    }
    const absl::StatusOr<std::string> text =
        FileSystem::Posix()->Read(source, kMaxListBytes);
    if (!text.ok()) {
      return Error(absl::StatusCode::kNotFound, "DATASET_NOT_FOUND",
                   absl::StrCat("the list of HDF5 files ", source,
                                " cannot be read: ", text.status().message()),
                   {{"file", source}});
    }
    files_ = absl::StrSplit(*text, absl::ByAnyChar(" \t\r\n\v\f"),
                            absl::SkipEmpty());
    if (!files_.empty()) return absl::OkStatus();
    return Error(
        absl::StatusCode::kFailedPrecondition, "DATASET_EMPTY",
        absl::StrCat("the list of HDF5 files ", source, " names no file"),
        {{"file", source}});
  }

  // 0, 1, 2, ...; or, with `shuffle`, another order each time.
  void StartOrder(std::vector<int64_t>* order) {
    std::iota(order->begin(), order->end(), 0);
    if (!param().hdf5_data_param().shuffle()) return;
    Random random(Seed(), num_orders_++);
    for (size_t i = order->size(); i > 1; --i) {
      std::swap((*order)[i - 1],
                (*order)[random.Below(static_cast<int64_t>(i))]);
    }
  }

  // Index in values_; opens the next file where this one ends.
  absl::StatusOr<int64_t> NextRow() {
    if (row_ == num_rows()) RETURN_IF_ERROR(NextFile());
    return row_order_[row_++];
  }

  // Where the rows of this file end, those of the next begin.
  absl::Status NextFile() {
    if (files_.size() > 1) {
      if (++file_ == files_.size()) {
        file_ = 0;
        StartOrder(&file_order_);
      }
      return LoadFile();
    }
    row_ = 0;
    StartOrder(&row_order_);
    return absl::OkStatus();
  }

  absl::Status LoadFile() {
    const std::string& file = files_[file_order_[file_]];
    ASSIGN_OR_RETURN(const auto reader, Hdf5Reader::Open(file));
    const bool is_first = values_.empty();
    values_.resize(param().top_size());
    int64_t rows = -1;
    for (int i = 0; i < param().top_size(); ++i) {
      ASSIGN_OR_RETURN(const Hdf5Dataset dataset,
                       reader->Find("/" + param().top(i)));
      RETURN_IF_ERROR(CheckDataset(file, dataset, rows));
      rows = dataset.dims[0];
      ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dataset.dims));
      if (!is_first && !SameRows(shape, values_[i].shape())) {
        return FileError(
            file, absl::StrCat("dataset ", dataset.path, " has shape ",
                               shape.ToString(), ", in the file before it had ",
                               values_[i].shape().ToString(),
                               "; only the first dimension may differ"));
      }
      RETURN_IF_ERROR(values_[i].Resize(shape));
      RETURN_IF_ERROR(reader->ReadFloats(dataset.path, values_[i].values()));
    }
    row_ = 0;
    row_order_.resize(rows);
    StartOrder(&row_order_);
    return absl::OkStatus();
  }

  // `rows`: of the datasets before; -1 for the first.
  static absl::Status CheckDataset(const std::string& file,
                                   const Hdf5Dataset& dataset, int64_t rows) {
    if (dataset.dims.empty() || dataset.num_elements == 0) {
      return FileError(file,
                       absl::StrCat("dataset ", dataset.path, " has no rows"));
    }
    if (dataset.num_elements > kMaxBlobElements) {
      return FileError(
          file, absl::StrCat("dataset ", dataset.path, " has ",
                             dataset.num_elements, " elements; at most ",
                             kMaxBlobElements, " are read; split the file"));
    }
    if (rows >= 0 && dataset.dims[0] != rows) {
      return FileError(
          file, absl::StrCat("dataset ", dataset.path, " has ", dataset.dims[0],
                             " rows, the one before ", rows));
    }
    return absl::OkStatus();
  }

  static bool SameRows(const Shape& a, const Shape& b) {
    return a.num_axes() == b.num_axes() &&
           std::equal(a.dims().begin() + 1, a.dims().end(),
                      b.dims().begin() + 1);
  }

  std::vector<std::string> files_;
  std::vector<int64_t> file_order_;
  size_t file_ = 0;             // Index of file_order_.
  std::vector<Tensor> values_;  // Of the file, one per top.
  std::vector<int64_t> row_order_;
  int64_t row_ = 0;  // Index of row_order_.
  uint64_t num_orders_ = 0;
};

}  // namespace

std::unique_ptr<Layer> MakeHdf5DataLayer(const caffe::LayerParameter& param,
                                         caffe::Phase phase) {
  return std::make_unique<Hdf5DataLayer>(param, phase);
}

}  // namespace quantd
