using System.Text;

namespace OpenStackSev.Validation.Tests;

/// <summary>Bodies of Nova and Glance, as they come and as somebody made them.</summary>
public sealed class BodyTests
{
    [Theory]
    [InlineData("""{"flavor": {"id": "1", "name": "f", "ram": 512, "vcpus": 1, "disk": 2, "extra_specs": {"hw:mem_encryption": "true"}}}""")]
    [InlineData("""{"id": "1", "name": "f", "ram": 512, "vcpus": 1, "disk": 2, "properties": {"hw:mem_encryption": true}}""")]
    [InlineData("""{"id": "1", "original_name": "f", "ram": 512, "vcpus": 1, "disk": 2, "extra_specs": {"hw:mem_encryption": "false", "hw:mem_encryption": "true"}}""")]
    public void A_flavor_is_read_in_each_form_that_it_comes_in(string body)
    {
        Assert.True(FlavorSpec.TryParse(Encoding.UTF8.GetBytes(body), out FlavorSpec? flavor, out string? problem), problem);
        Assert.Equal(("f", "1", 512, 1, 2, "true"), (flavor.Name, flavor.Id, flavor.RamMebibytes, flavor.Vcpus, flavor.DiskGibibytes, flavor["hw:mem_encryption"]));
    }

    [Theory]
    [InlineData("""{"id": "1", "name": "i", "status": "active", "tags": [], "hw_mem_encryption": "true"}""")]
    [InlineData("""{"image": {"id": "1", "name": "i", "stores": "file", "hw_mem_encryption": true}}""")]
    [InlineData("""{"id": "1", "name": "i", "properties": {"hw_mem_encryption": "true", "stores": ["a"]}}""")]
    public void An_image_is_read_in_each_form_that_it_comes_in(string body)
    {
        Assert.True(ImageSpec.TryParse(Encoding.UTF8.GetBytes(body), out ImageSpec? image, out string? problem), problem);
        Assert.Equal(("i", "1", "true"), (image.Name, image.Id, image["hw_mem_encryption"]));
        Assert.Single(image.Properties);
    }

    [Fact]
    public void A_flavor_without_extra_specs_is_not_one_that_has_none()
    {
        Assert.False(FlavorSpec.TryParse("""{"name": "f"}"""u8.ToArray(), out _, out string? problem));
        Assert.Contains("microversion 2.61", problem, StringComparison.Ordinal);
    }

    public static TheoryData<string, byte[]> Hostile { get; } = new()
    {
        { "nothing", [] },
        { "not UTF-8", [(byte)'"', 0xff, 0xfe, (byte)'"'] },
        { "too long", new byte[FlavorSpec.MaximumBytes + 1] },
        { "a list", "[]"u8.ToArray() },
        { "null", "null"u8.ToArray() },
        { "a number", "1e999"u8.ToArray() },
        { "half an object", "{\"name\": \"f\""u8.ToArray() },
        { "nested", Encoding.UTF8.GetBytes(new string('[', 100_000)) },
        { "nested in a property", Encoding.UTF8.GetBytes("{\"name\": \"f\", \"extra_specs\": {}, \"a\": " + new string('[', 1000) + new string(']', 1000) + "}") },
        { "wrong types", "{\"name\": [], \"extra_specs\": 1, \"hw_x\": {}}"u8.ToArray() },
        { "a name of half a character", "{\"name\": \"\\ud800\", \"extra_specs\": {}, \"x\": \"\\ud800\"}"u8.ToArray() },
        { "a property that is a list", "{\"name\": \"f\", \"extra_specs\": {\"a\": []}, \"hw_a\": []}"u8.ToArray() },
        { "10,000 properties", Encoding.UTF8.GetBytes($"{{\"name\": \"f\", \"extra_specs\": {{{Many("k")}}}, {Many("hw_k")}}}") },
        { "ram beyond numbers", "{\"name\": \"f\", \"extra_specs\": {}, \"ram\": 1e99, \"owner\": 1}"u8.ToArray() },
        { "ram below nothing", "{\"name\": \"f\", \"extra_specs\": {}, \"ram\": -1, \"owner\": {}}"u8.ToArray() },
    };

    [Theory, MemberData(nameof(Hostile))]
    public void A_hostile_body_ends_in_one_line_that_says_what_is_wrong(string what, byte[] body)
    {
        Assert.False(FlavorSpec.TryParse(body, out FlavorSpec? flavor, out string? problem), what);
        Assert.Null(flavor);
        Assert.InRange(problem.Length, 10, 300);
        Assert.DoesNotContain(problem, char.IsControl);
        Assert.False(ImageSpec.TryParse(body, out ImageSpec? image, out problem), what);
        Assert.Null(image);
        Assert.InRange(problem.Length, 10, 300);
        Assert.DoesNotContain(problem, char.IsControl);
    }

    [Fact]
    public void Any_bytes_are_read_or_refused_and_what_is_read_can_be_judged()
    {
        byte[] body = """
            {"name": "f", "id": "1", "ram": 2048, "disk": 0, "extra_specs": {"hw:mem_encryption": "yes", "trait1:CUSTOM_SEV": "required"}, "hw_machine_type": "q35", "k": 1.5e3}
            """u8.ToArray();
        var random = new Random(11);
        int read = 0;
        for (int round = 0; round < 20_000; round++)
        {
            byte[] mutated = [.. body];
            for (int change = random.Next(1, 4); change > 0; change--)
                mutated[random.Next(mutated.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : body[random.Next(body.Length)];
            if (random.Next(4) == 0)
                mutated = mutated[..random.Next(mutated.Length)];
            _ = FlavorSpec.TryParse(mutated, out FlavorSpec? flavor, out _);
            _ = ImageSpec.TryParse(mutated, out ImageSpec? image, out _);
            if (flavor is null)
                continue;
            read++;
            RequestRules.Check(flavor, image ?? new("i", null, new Dictionary<string, string>(StringComparer.Ordinal)), ComputeRelease.Newest);
        }
        Assert.InRange(read, 1000, 19_000);
    }

    private static string Many(string key) => string.Join(", ", Enumerable.Range(0, 10_000).Select(i => $"\"{key}{i}\": \"v\""));
}
