#include "engine/core/tensor.h"

#include <algorithm>
#include <memory>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

// Values in reverse order.
class ReversedLayout : public KernelLayout {
 public:
  explicit ReversedLayout(std::vector<float> values)
      : values_(std::move(values)) {}
  absl::Span<const float> stored_values() const override { return values_; }
  void CopyToPlain(float* plain) const override {
    std::reverse_copy(values_.begin(), values_.end(), plain);
  }

 private:
  const std::vector<float> values_;
};

TEST(TensorTest, IsZeroAndAligned) {
  const Tensor tensor({3, 5});
  EXPECT_THAT(tensor.values(), Each(0));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.data()) % 64, 0);
  EXPECT_EQ(Tensor().data(), nullptr);
}

TEST(TensorTest, CopiesShareAndClonesDoNot) {
  Tensor a({2});
  Tensor shared = a.Reshaped({2, 1});
  Tensor clone = a.Clone();
  a.data()[1] = 7;
  EXPECT_EQ(shared.data()[1], 7);
  EXPECT_EQ(clone.data()[1], 0);
}

TEST(TensorTest, ResizeKeepsMemoryThatIsLargeEnough) {
  Tensor a({4});
  a.data()[0] = 1;
  const float* before = a.data();
  ASSERT_OK(a.Resize({2}));
  EXPECT_EQ(a.data(), before);
  EXPECT_THAT(a.values(), ElementsAre(1, 0));
  Tensor copy = a;
  ASSERT_OK(a.Resize({5}));
  EXPECT_THAT(a.values(), ElementsAre(0, 0, 0, 0, 0));
  EXPECT_THAT(copy.values(), ElementsAre(1, 0));
}

TEST(TensorTest, KernelLayoutIsConvertedWhenRead) {
  Tensor a({3});
  const Tensor& view = a;
  a.SetKernelLayout(
      std::make_shared<ReversedLayout>(std::vector<float>{1, 2, 3}));
  EXPECT_NE(a.kernel_layout(), nullptr);
  EXPECT_THAT(view.values(), ElementsAre(3, 2, 1));
  EXPECT_NE(a.kernel_layout(), nullptr);  // Reading leaves both.
  a.data()[0] = 5;
  EXPECT_EQ(a.kernel_layout(), nullptr);
  EXPECT_NE(a.SpareKernelLayout(), nullptr);
  EXPECT_THAT(view.values(), ElementsAre(5, 2, 1));
}

TEST(TensorTest, OverwritingForgetsTheLayout) {
  Tensor a({2});
  a.SetKernelLayout(std::make_shared<ReversedLayout>(std::vector<float>{1, 2}));
  float* values = a.DataToOverwrite();
  values[0] = 8;
  values[1] = 9;
  EXPECT_THAT(a.values(), ElementsAre(8, 9));
}

TEST(TensorTest, ResizeAndCloneSeeTheLayout) {
  Tensor a({3});
  a.SetKernelLayout(
      std::make_shared<ReversedLayout>(std::vector<float>{1, 2, 3}));
  EXPECT_THAT(a.Clone().values(), ElementsAre(3, 2, 1));
  ASSERT_OK(a.Resize({2}));
  EXPECT_EQ(a.SpareKernelLayout(), nullptr);
  EXPECT_THAT(a.values(), ElementsAre(3, 2));
}

TEST(TensorTest, PooledMemoryIsTakenLateAndGivenBack) {
  const auto pool = BufferPool::Create();
  Tensor a({4}), b({4});
  a.UsePool(pool);
  b.UsePool(pool);
  EXPECT_EQ(pool->held_bytes(), 0);
  const Tensor view = a.Reshaped({2, 2});
  const float* memory = a.data();
  EXPECT_EQ(view.data(), memory);
  a.Release();
  EXPECT_EQ(b.DataToOverwrite(), memory);
  EXPECT_EQ(pool->held_bytes(), 64);
  ASSERT_OK(a.Resize({100}));
  EXPECT_EQ(pool->held_bytes(), 64);
  a.data()[99] = 1;
  EXPECT_EQ(pool->held_bytes(), 64 + 448);
}

TEST(TensorTest, PooledTensorConvertsItsLayout) {
  Tensor a({3});
  a.UsePool(BufferPool::Create());
  a.SetKernelLayout(
      std::make_shared<ReversedLayout>(std::vector<float>{1, 2, 3}));
  EXPECT_THAT(a.values(), ElementsAre(3, 2, 1));
  a.Release();
  EXPECT_EQ(a.kernel_layout(), nullptr);
}

}  // namespace
}  // namespace quantd
