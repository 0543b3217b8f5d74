using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Validation.Tests.Explaining;

/// <summary>CPUs as Nova asks Placement for them, where flavor and image both have a word. Flavors here have two.</summary>
public sealed class PinningTests
{
    [Theory]
    [InlineData("dedicated", null, null, null, 0, 2)]
    [InlineData(null, "dedicated", null, null, 0, 2)]
    [InlineData("shared", null, "0", null, 2, 0)]
    [InlineData("mixed", null, "0", null, 1, 1)]
    // nova/virt/hardware.py takes an empty policy, and an empty mask, for none
    [InlineData("", "mixed", "0", null, 1, 1)]
    [InlineData("", "dedicated", null, null, 0, 2)]
    [InlineData("", "", "0", null, 2, 0)]
    [InlineData("mixed", null, "", "^0", 1, 1)]
    public void Flavor_and_image_ask_for_as_many_as_Nova(string? flavor, string? image, string? mask, string? realtimeMaskOfImage, int shared, int dedicated)
    {
        (string, string?)[] specs = [("hw:cpu_policy", flavor), ("hw:cpu_dedicated_mask", mask), ("hw:cpu_realtime", realtimeMaskOfImage is null ? null : "yes")];
        (string, string?)[] properties = [("hw_cpu_policy", image), ("hw_cpu_realtime_mask", realtimeMaskOfImage)];
        SchedulingRequest request = SchedulingRequest.From(Given.Flavor(Said(specs)), Given.Image(Said(properties)), ComputeRelease.Zed);
        Assert.Equal((shared, dedicated), (Amount(request, "VCPU"), Amount(request, "PCPU")));
    }

    private static (string, string)[] Said((string Key, string? Value)[] pairs) => [.. pairs.Where(pair => pair.Value is not null).Select(pair => (pair.Key, pair.Value!))];

    private static int Amount(SchedulingRequest request, string resourceClass) => request.Unsuffixed.Resources.Where(wish => wish.Name == resourceClass).Sum(wish => wish.Amount);
}
