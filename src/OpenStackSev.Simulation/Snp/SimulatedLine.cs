namespace OpenStackSev.Simulation.Snp;

/// <summary>A product line as AMD's key distribution service names it: one root, one form of TCB.</summary>
/// <remarks>Bergamo and Siena are of the line Genoa.</remarks>
public enum SimulatedLine
{
    Milan,
    Genoa,
    Turin,

    /// <summary>Not seen in the field: all that is simulated of it is as Turin.</summary>
    Venice,
}

/// <summary>What differs between the lines.</summary>
public static class SimulatedLineFacts
{
    extension(SimulatedLine line)
    {
        /// <summary>True from Turin on: chip ids of 8 bytes, an FMC part in the TCB, structVersion 1.</summary>
        public bool HasFmc => line >= SimulatedLine.Turin;

        /// <summary>Length of a hwID: 64 bytes, from Turin on 8.</summary>
        public int ChipIdLength => line.HasFmc ? 8 : 64;

        /// <summary>productName of a VCEK. AMD issues Milan's with a stepping and the later ones without.</summary>
        public string VcekProductName => line == SimulatedLine.Milan ? "Milan-B0" : line.ToString();

        /// <summary>A TCB as machines of the line report it.</summary>
        public SimulatedTcb UsualTcb => line switch
        {
            SimulatedLine.Milan => new(null, 4, 0, 24, 219),
            SimulatedLine.Genoa => new(null, 10, 0, 23, 84),
            _ => new(1, 1, 1, 4, 81),
        };

        /// <summary>First day of AMD's root of the line; Venice's is made up.</summary>
        internal DateTimeOffset Founded => line switch
        {
            SimulatedLine.Milan => new(2020, 10, 22, 17, 23, 5, TimeSpan.Zero),
            SimulatedLine.Genoa => new(2022, 1, 26, 15, 34, 37, TimeSpan.Zero),
            SimulatedLine.Turin => new(2023, 5, 15, 20, 3, 12, TimeSpan.Zero),
            _ => new(2025, 5, 15, 12, 0, 0, TimeSpan.Zero),
        };

        /// <summary>Serial number of the ARK; those of ASK and ASVK follow from it.</summary>
        internal int RootSerial => ((int)line + 1) << 16;
    }
}
