#include "engine/config/scale_record.h"

#include "gtest/gtest.h"

namespace quantd {
namespace {

TEST(ScaleRecordTest, FindsLayersAndInputsByNameAndIndex) {
  amct::ScaleOffsetRecord record;
  auto* entry = record.add_record();
  entry->set_key("conv1");
  auto* input = entry->mutable_value()->add_record_d();
  input->set_index(2);

  EXPECT_EQ(FindLayerRecord(record, "conv1"), &entry->value());
  EXPECT_EQ(FindLayerRecord(record, "conv2"), nullptr);
  EXPECT_EQ(FindInputRecord(record, "conv1", 2), input);
  EXPECT_EQ(FindInputRecord(record, "conv1", 0), nullptr);
  EXPECT_EQ(FindInputRecord(record, "conv2", 2), nullptr);
}

TEST(ScaleRecordTest, EightBitsUnlessSaid) {
  amct::ActivationQuantParam input;
  EXPECT_EQ(NumBits(input), 8);
  input.set_num_bits_d(12);
  EXPECT_EQ(NumBits(input), 12);
}

}  // namespace
}  // namespace quantd
