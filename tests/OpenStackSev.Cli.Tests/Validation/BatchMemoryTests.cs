using System.Text;
using OpenStackSev.Cli.Validation;
using OpenStackSev.Validation;

namespace OpenStackSev.Cli.Tests.Validation;

/// <summary>What is alive is counted for the whole process, so that nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(BatchMemoryTests), DisableParallelization = true)]
[Collection(nameof(BatchMemoryTests))]
public sealed class BatchMemoryTests
{
    private static readonly byte[] s_line = Encoding.UTF8.GetBytes(
        $$"""{"flavor":{{Bodies.Flavor(("hw:mem_encryption", "true"))}},"image":{{Bodies.Image()}}}""" + "\n");

    [Fact]
    public void Memory_does_not_grow_with_the_number_of_lines()
    {
        _ = MostAlive(20);
        long few = MostAlive(200), many = MostAlive(4_000);
        Assert.InRange(many - few, long.MinValue, 256 * 1024);
    }

    private static long MostAlive(int lines)
    {
        using Repeated input = new(s_line, s_line, (long)s_line.Length * lines);
        using Discarded output = new();
        new Batch(input, output, ComputeRelease.Newest).Run();
        Assert.InRange(output.Largest, 1, 256 * 1024);
        return output.MostAlive;
    }

    private sealed class Discarded : StringWriter
    {
        /// <summary>Largest piece that waited to be written.</summary>
        public int Largest { get; private set; }

        public long MostAlive { get; private set; }

        public override void Write(char[] buffer, int index, int count)
        {
            Largest = Math.Max(Largest, count);
            MostAlive = Math.Max(MostAlive, GC.GetTotalMemory(forceFullCollection: true));
        }
    }
}
