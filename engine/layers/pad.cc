// Pad, MirrorPad (Synopsys) and Padding (Sophgo): values before and after the
// ones of each axis.
//   constant: one value;
//   reflect: the values mirrored, 3 2 | 1 2 3 | 2 1;
//   symmetric: with the border itself, 2 1 | 1 2 3 | 3 2;
//   edge: the border, 1 1 | 1 2 3 | 3 3.
// Negative pads of Pad cut values off, before any are added. Pad has SS928's
// fields (pads: all begins, then all ends) or Synopsys' (paddings: begin, end
// for each axis).
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/strided_map.h"
#include "engine/layers/checks.h"
#include "engine/layers/mapped_layer.h"

namespace quantd {
namespace {

enum class PadMode { kConstant, kReflect, kSymmetric, kEdge };

struct ModeName {
  absl::string_view name;
  PadMode mode;
};

// What a type's parameters say.
struct Padding {
  struct Axis {
    int64_t begin = 0;
    int64_t end = 0;
  };
  PadMode mode = PadMode::kConstant;
  float value = 0;
  std::string field;       // Of the pads.
  std::vector<Axis> axes;  // Of the last axes of the bottom.
  bool all_axes = true;    // axes must be as many as the bottom's.
};

absl::StatusOr<PadMode> ModeOf(absl::Span<const ModeName> modes,
                               absl::string_view mode,
                               absl::string_view field) {
  std::string names;
  for (const ModeName& known : modes) {
    if (mode == known.name) return known.mode;
    absl::StrAppend(&names, names.empty() ? "" : ", ", known.name);
  }
  return FieldError(
      field, absl::StrCat("is \"", mode, "\"; it must be one of ", names));
}

// begin, end for each axis.
template <typename List>
absl::Status ReadPairs(const List& list, Padding* padding) {
  if (list.size() % 2 != 0) {
    return FieldError(
        padding->field,
        absl::StrCat("has ", list.size(), " values; give two for each axis"));
  }
  for (int i = 0; i < list.size(); i += 2) {
    padding->axes.push_back({list.Get(i), list.Get(i + 1)});
  }
  return absl::OkStatus();
}

absl::StatusOr<Padding> ReadPad(const caffe::LayerParameter& param) {
  static constexpr ModeName kModes[] = {{"constant", PadMode::kConstant},
                                        {"reflect", PadMode::kReflect},
                                        {"edge", PadMode::kEdge}};
  const caffe::PadParameter& p = param.pad_param();
  Padding padding;
  ASSIGN_OR_RETURN(padding.mode, ModeOf(kModes, p.mode(), "pad_param.mode"));
  padding.value =
      p.has_constant_value() ? p.constant_value() : p.constant_values();
  if (p.paddings_size() > 0 && p.pads_size() > 0) {
    return FieldError("pad_param", "has both pads and paddings; keep one");
  }
  if (p.paddings_size() > 0) {
    padding.field = "pad_param.paddings";
    RETURN_IF_ERROR(ReadPairs(p.paddings(), &padding));
    return padding;
  }
  padding.field = "pad_param.pads";
  const int num_axes = p.pads_size() / 2;
  if (p.pads_size() % 2 != 0) {
    return FieldError(
        padding.field,
        absl::StrCat("has ", p.pads_size(), " values; give two for each axis"));
  }
  for (int i = 0; i < num_axes; ++i) {
    padding.axes.push_back({p.pads(i), p.pads(num_axes + i)});
  }
  return padding;
}

absl::StatusOr<Padding> ReadMirrorPad(const caffe::LayerParameter& param) {
  static constexpr ModeName kModes[] = {{"CONSTANT", PadMode::kConstant},
                                        {"REFLECT", PadMode::kReflect},
                                        {"SYMMETRIC", PadMode::kSymmetric},
                                        {"EDGE", PadMode::kEdge}};
  const caffe::MirrorPadParameter& p = param.mirror_pad_param();
  Padding padding;
  ASSIGN_OR_RETURN(padding.mode,
                   ModeOf(kModes, p.mode(), "mirror_pad_param.mode"));
  padding.value = p.constant_values();
  padding.field = "mirror_pad_param.paddings";
  RETURN_IF_ERROR(ReadPairs(p.paddings(), &padding));
  return padding;
}

absl::StatusOr<Padding> ReadPadding(const caffe::LayerParameter& param) {
  const caffe::PaddingParameter& p = param.padding_param();
  Padding padding;
  padding.value = static_cast<float>(p.pad_value());
  padding.field = "padding_param";
  padding.axes = {{p.pad_t(), p.pad_b()}, {p.pad_l(), p.pad_r()}};
  padding.all_axes = false;
  return padding;
}

class PadLayer : public MappedLayer {
 public:
  using ReadFunction =
      absl::StatusOr<Padding> (*)(const caffe::LayerParameter& param);

  PadLayer(const caffe::LayerParameter& param, caffe::Phase phase,
           ReadFunction read)
      : MappedLayer(param, phase), read_(read) {}

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(MappedLayer::SetUp(bottoms, num_tops));
    ASSIGN_OR_RETURN(padding_, read_(param()));
    return absl::OkStatus();
  }

 protected:
  float fill() const override { return padding_.value; }

 private:
  absl::Status Map(absl::Span<const Shape> bottoms,
                   std::vector<Top>* tops) override {
    const Shape& bottom = bottoms[0];
    const int num_padded = static_cast<int>(padding_.axes.size());
    const int first = bottom.num_axes() - num_padded;
    if (first < 0 || (padding_.all_axes && first > 0)) {
      return FieldError(
          padding_.field,
          absl::StrCat("is for ", num_padded, " axes, but the bottom is ",
                       bottom.ToString()));
    }
    for (int i = 0; i < num_padded; ++i) {
      RETURN_IF_ERROR(
          PadAxis(bottom, first + i, padding_.axes[i], &tops->front()));
    }
    return absl::OkStatus();
  }

  absl::Status PadAxis(const Shape& bottom, int axis, const Padding::Axis& pads,
                       Top* top) const {
    const int64_t cut_begin = std::max<int64_t>(0, -Bounded(pads.begin));
    const int64_t cut_end = std::max<int64_t>(0, -Bounded(pads.end));
    const int64_t before = std::max<int64_t>(0, Bounded(pads.begin));
    const int64_t after = std::max<int64_t>(0, Bounded(pads.end));
    const int64_t size = bottom[axis] - cut_begin - cut_end;
    if (size < 0 || std::max(before, after) > MostPads(size)) {
      return FieldError(
          padding_.field,
          absl::StrCat("has ", pads.begin, " before and ", pads.end,
                       " after axis ", axis, " of ", bottom.ToString(),
                       ", more than its values allow"));
    }
    top->dims[axis] = before + size + after;
    top->axes[axis] =
        PaddedAxis(cut_begin, size, before, after, bottom.Count(axis + 1));
    return absl::OkStatus();
  }

  // Pads that are illegal anyway must not overflow.
  static int64_t Bounded(int64_t pad) {
    constexpr int64_t kBound = 2 * Shape::kMaxElements;
    return std::clamp(pad, -kBound, kBound);
  }

  // Of an axis of `size` values.
  int64_t MostPads(int64_t size) const {
    switch (padding_.mode) {
      case PadMode::kConstant:
        break;
      case PadMode::kReflect:
        return std::max<int64_t>(0, size - 1);
      case PadMode::kSymmetric:
        return size;
      case PadMode::kEdge:
        return size == 0 ? 0 : INT64_MAX;
    }
    return INT64_MAX;
  }

  // `size` values from `begin` on, `stride` apart, and pads around them.
  StridedAxis PaddedAxis(int64_t begin, int64_t size, int64_t before,
                         int64_t after, int64_t stride) const {
    // Where the pads begin and how they go on, in values.
    int64_t head = 0, tail = 0, step = 0;
    switch (padding_.mode) {
      case PadMode::kConstant:
        break;
      case PadMode::kReflect:
        head = before;
        tail = size - 2;
        step = -1;
        break;
      case PadMode::kSymmetric:
        head = before - 1;
        tail = size - 1;
        step = -1;
        break;
      case PadMode::kEdge:
        tail = size - 1;
        break;
    }
    const bool is_fill = padding_.mode == PadMode::kConstant;
    StridedAxis runs;
    const auto add = [&](int64_t count, int64_t at, int64_t by, bool fill) {
      if (count == 0) return;
      runs.push_back({count, fill ? 0 : (begin + at) * stride,
                      fill ? 0 : by * stride, fill});
    };
    add(before, head, step, is_fill);
    add(size, 0, 1, false);
    add(after, tail, step, is_fill);
    if (runs.empty()) runs.push_back({});  // An axis of no values.
    return runs;
  }

  const ReadFunction read_;
  Padding padding_;
};

}  // namespace

std::unique_ptr<Layer> MakePadLayer(const caffe::LayerParameter& param,
                                    caffe::Phase phase) {
  return std::make_unique<PadLayer>(param, phase, ReadPad);
}

std::unique_ptr<Layer> MakeMirrorPadLayer(const caffe::LayerParameter& param,
                                          caffe::Phase phase) {
  return std::make_unique<PadLayer>(param, phase, ReadMirrorPad);
}

std::unique_ptr<Layer> MakePaddingLayer(const caffe::LayerParameter& param,
                                        caffe::Phase phase) {
  return std::make_unique<PadLayer>(param, phase, ReadPadding);
}

}  // namespace quantd
